/** Load the sounds of a page before the eyes of who waits for them, as often as it takes. */
import { element } from "./dom.js";
import { loadSounds } from "./sounds.js";
import { t } from "./texts.js";

/**
 * @param {HTMLElement} place  where to say how far it is
 * @param {BaseAudioContext} context @param {{id: string, url: string}[]} sounds
 * @returns {Promise<Map<string, AudioBuffer>>} in the order of `sounds`
 */
export async function loading(place, context, sounds) {
  const bar = element("progress", { max: sounds.length, value: 0 });
  const text = element("p", { role: "status", textContent: t("loading", { done: 0, all: sounds.length }) });
  place.replaceChildren(text, bar);
  try {
    return await loadSounds(context, sounds, (done) => {
      bar.value = done;
      text.textContent = t("loading", { done, all: sounds.length });
    });
  } catch (error) {
    console.error(error);
    const again = element("button", { type: "button", textContent: t("try_again") });
    place.replaceChildren(
      element("p", { role: "alert", className: "notice", textContent: t("load_failed") }), again);
    await new Promise((resolve) => { again.onclick = resolve; });
    return loading(place, context, sounds);
  }
}

/** Buttons that play the stimuli of a page, where no slider or marker does. */
import { element } from "./dom.js";
import { t } from "./texts.js";

/**
 * @param {object} room of a rating page
 * @param {object[]} sounds which of those of the page get a button
 * @returns {{node: HTMLElement, show: () => void}}
 */
export function soundButtons({ page, player, heard, ratings, hear }, sounds = heard) {
  const known = new Set(page.stimuli.map(({ id }) => id));
  const buttons = sounds.map(({ id, label }) => {
    const name = known.has(id) ? t("mix", { label }) : label;
    const button = element("button", {
      type: "button", className: "sound wide", textContent: label,
      "aria-label": t("play_this", { name }),
    });
    button.onclick = () => hear(id);
    return [id, button];
  });
  const show = () => {
    for (const [id, button] of buttons) {
      button.setAttribute("aria-pressed", String(player.playing && player.active === id));
      button.classList.toggle("unplayed", known.has(id) && ratings.plays(id) === 0);
    }
  };
  return { node: element("div", { className: "sounds" }, ...buttons.map(([, button]) => button)), show };
}

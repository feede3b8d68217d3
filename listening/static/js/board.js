/** Vertical sliders side by side over one scale: MUSHRA, BS.2132 and BS.1116. */
import { element, steppedBy } from "./dom.js";
import { t } from "./texts.js";

const LARGE_STEP = 10;
const STEPPING = new Set(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "PageUp", "PageDown", "Home", "End"]);

/**
 * @param {object} room of a rating page
 * @param {{reference: string, min: number, max: number, step: number, rest: number,
 *   toScore: (value: number) => number, toValue: (score: number) => number,
 *   say: (score: number, attribute: object) => string, shown: (score: number) => string,
 *   marks?: (at: number, all: number) => string}} scale
 *   `rest` is where the unseen thumb of an unrated slider stands; with `marks`, labels stand at
 *   points of the scale and have a number, without they stand for intervals.
 */
export function boards({ page, player, ratings, hear, rate }, scale) {
  const shows = [];
  const sliders = new Map();
  const unrated = () => page.stimuli.some(({ id }) => page.attributes.some(({ key }) => ratings.score(id, key) === null));
  const hint = element("p", { className: "hint", textContent: t("slider_hint") });
  shows.push(() => { hint.hidden = page.locked || !unrated(); });
  return {
    node: element("div", {}, ...page.attributes.map(board)),
    show: () => shows.forEach((show) => show()),
    focus: (id) => sliders.get(id)?.focus(),
    say: scale.shown,
  };

  function board(attribute) {
    const { question, labels } = attribute;
    const marks = labels.map((label, at) => element("li", {},
      ...(scale.marks ? [element("strong", { textContent: scale.marks(at, labels.length) }), " "] : []), label));
    const made = element("div", { className: scale.marks ? "board points" : "board", dir: "ltr" },
      element("ol", { className: "board-scale" }, ...marks.reverse()),
      referenceButton(), ...page.stimuli.map((stimulus) => column(stimulus, attribute)));
    made.style.setProperty("--bands", labels.length - (scale.marks ? 1 : 0));
    made.style.setProperty("--stimuli", page.stimuli.length);
    return element("section", {}, element("h2", { dir: "auto", textContent: question }),
      ...(attribute === page.attributes[0] ? [hint] : []), made);
  }

  function referenceButton() {
    if (!page.reference) return element("span", {});
    const button = soundButton(page.reference.id, scale.reference, scale.reference);
    button.classList.add("board-reference");
    return button;
  }

  function column({ id, label }, attribute) {
    const { key, question } = attribute;
    const slider = element("input", {
      type: "range", min: scale.min, max: scale.max, step: scale.step, disabled: page.locked,
      "aria-label": t("rating", { label, question }), "aria-orientation": "vertical",
    });
    const shown = element("output", { className: "board-score" });
    const button = soundButton(id, label, t("mix", { label }));
    const node = element("div", { className: "board-column" },
      element("div", { className: "board-lane" }, slider), shown, button);
    const set = () => rate(id, key, scale.toScore(Number(slider.value)));
    const unset = () => ratings.score(id, key) === null;
    slider.addEventListener("input", set);
    // A press or a key to the very place where the unseen thumb stands is no change to the browser.
    slider.addEventListener("pointerup", () => unset() && set());
    // Browsers do not step wider with Shift.
    slider.addEventListener("keydown", (event) => {
      const { min, max, step } = scale;
      const to = event.shiftKey ? steppedBy(event, Number(slider.value), { min, max, step, page: LARGE_STEP * step }) : null;
      if (to === null || slider.disabled) return;
      event.preventDefault();
      slider.value = String(to);
      set();
    });
    slider.addEventListener("keyup", (event) => STEPPING.has(event.key) && unset() && set());
    slider.addEventListener("focus", () => sliders.set(id, slider));
    if (!sliders.has(id)) sliders.set(id, slider);
    shows.push(() => {
      const score = ratings.score(id, key);
      const active = player.playing && player.active === id;
      slider.value = String(score === null ? scale.rest : scale.toValue(score));
      slider.disabled = page.locked || (page.options.rate_only_playing && !active);
      slider.classList.toggle("unset", score === null);
      slider.setAttribute("aria-valuetext", score === null ? t("not_rated") : scale.say(score, attribute));
      shown.textContent = score === null ? "–" : scale.shown(score);
      button.classList.toggle("unplayed", ratings.plays(id) === 0);
      node.classList.toggle("active", active);
    });
    return node;
  }

  function soundButton(id, label, name) {
    const button = element("button", {
      type: "button", className: "sound", textContent: label, "aria-label": t("play_this", { name }),
    });
    button.onclick = () => hear(id);
    shows.push(() => button.setAttribute("aria-pressed", String(player.playing && player.active === id)));
    return button;
  }
}

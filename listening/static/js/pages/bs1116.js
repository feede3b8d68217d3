/** BS.1116: B and C against the reference A, graded from 1.0 to 5.0 in steps of 0.1. */
import { element } from "../dom.js";
import { ratingPage } from "../rating-page.js";
import { soundButtons } from "../sound-buttons.js";
import { t } from "../texts.js";

const LOWEST = 1;
const HIGHEST = 5;
const toGrade = (score) => LOWEST + (score * (HIGHEST - LOWEST)) / 100;
const toScore = (grade) => (100 * (grade - LOWEST)) / (HIGHEST - LOWEST);

await ratingPage((room) => {
  const { page, player, ratings, rate } = room;
  const buttons = soundButtons(room);
  const shows = [buttons.show];
  const boards = page.attributes.map(({ key, question, labels }) => {
    const scale = labels.map((label, at) => element("li", { value: at + 1, textContent: label })).reverse();
    return element("section", {},
      element("h2", { dir: "auto", textContent: question }),
      element("ol", { className: "grades", reversed: true }, ...scale),
      ...page.stimuli.map((stimulus) => row(stimulus, key, question, labels)));
  });

  function row({ id, label }, key, question, labels) {
    const slider = element("input", {
      type: "range", min: LOWEST, max: HIGHEST, step: 0.1, dir: "ltr",
      "aria-label": t("rating", { label, question }),
    });
    const shown = element("output", {});
    const set = () => rate(id, key, toScore(Number(slider.value)));
    slider.addEventListener("input", set);
    // A press on the very place where the unseen thumb stands is no change to the browser.
    slider.addEventListener("pointerup", () => ratings.score(id, key) === null && set());
    shows.push(() => {
      const score = ratings.score(id, key);
      const grade = score === null ? null : toGrade(score);
      const word = grade === null ? t("not_rated") : labels[Math.round(grade) - 1];
      slider.value = String(grade ?? HIGHEST);
      slider.disabled = page.locked
        || (page.options.rate_only_playing && !(player.playing && player.active === id));
      slider.classList.toggle("unset", score === null);
      const text = grade === null ? word : t("score_of", { score: grade.toFixed(1), word });
      slider.setAttribute("aria-valuetext", text);
      shown.textContent = text;
    });
    return element("div", { className: "grade" }, element("strong", { textContent: label }), slider, shown);
  }

  return {
    node: element("div", {}, buttons.node, ...boards),
    show: () => shows.forEach((show) => show()),
  };
}, { reference: "A", referenceKey: "a" });

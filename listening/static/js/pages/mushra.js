/** MUSHRA (ITU-R BS.1534-3): an open reference, and one vertical slider per stimulus. */
import { element } from "../dom.js";
import { ratingPage } from "../rating-page.js";
import { t } from "../texts.js";

await ratingPage(({ page, player, ratings, hear, rate }) => {
  const shows = [];
  const boards = page.attributes.map((attribute) => board(attribute));
  return { node: element("div", {}, ...boards), show: () => shows.forEach((show) => show()) };

  function board({ key, question, labels }) {
    const scale = element("ol", { className: "mushra-scale" },
      ...[...labels].reverse().map((label) => element("li", { textContent: label })));
    const made = element("div", { className: "mushra", dir: "ltr" },
      scale, referenceButton(), ...page.stimuli.map((stimulus) => column(stimulus, key, question, labels)));
    made.style.setProperty("--bands", labels.length);
    made.style.setProperty("--stimuli", page.stimuli.length);
    return element("section", {}, element("h2", { dir: "auto", textContent: question }), made);
  }

  function referenceButton() {
    if (!page.reference) return element("span", {});
    const button = soundButton(page.reference.id, t("reference"), t("reference"));
    button.classList.add("mushra-reference");
    return button;
  }

  function column({ id, label }, attribute, question, labels) {
    const slider = element("input", {
      type: "range", min: 0, max: 100, step: 1, disabled: page.locked,
      "aria-label": t("rating", { label, question }), "aria-orientation": "vertical",
    });
    const shown = element("output", { className: "mushra-score" });
    const set = () => rate(id, attribute, Number(slider.value));
    slider.addEventListener("input", set);
    // A press on the very place where the unseen thumb stands is no change to the browser.
    slider.addEventListener("pointerup", () => ratings.score(id, attribute) === null && set());
    const button = soundButton(id, label, t("mix", { label }));
    shows.push(() => {
      const score = ratings.score(id, attribute);
      const allowed = !page.options.rate_only_playing || (player.playing && player.active === id);
      slider.value = score ?? 50;
      slider.disabled = page.locked || !allowed;
      slider.classList.toggle("unset", score === null);
      slider.setAttribute("aria-valuetext", score === null ? t("not_rated")
        : t("score_of", { score: Math.round(score), word: labels[Math.min(labels.length - 1, Math.floor((score * labels.length) / 100))] }));
      shown.textContent = score === null ? "–" : Math.round(score);
      button.classList.toggle("unplayed", ratings.plays(id) === 0);
    });
    return element("div", { className: "mushra-column" },
      element("div", { className: "mushra-lane" }, slider), shown, button);
  }

  function soundButton(id, label, name) {
    const button = element("button", {
      type: "button", className: "sound", textContent: label, "aria-label": t("play_this", { name }),
    });
    button.onclick = () => hear(id);
    shows.push(() => {
      const active = player.playing && player.active === id;
      button.setAttribute("aria-pressed", String(active));
    });
    return button;
  }
});

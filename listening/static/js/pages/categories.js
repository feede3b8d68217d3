/** ACR, DCR and Likert batteries: each stimulus in one of a few labelled categories. */
import { choices } from "../choices.js";
import { element } from "../dom.js";
import { ratingPage } from "../rating-page.js";
import { soundButtons } from "../sound-buttons.js";
import { t } from "../texts.js";

const MOST_ABREAST = 5;
const LONGEST_WORD = 9;
/** Whether labels fit side by side on a phone. */
const fitAbreast = (labels) => labels.length <= MOST_ABREAST
  && labels.every((label) => label.split(/\s+/u).every((word) => word.length <= LONGEST_WORD));
const category = (score, labels) => Math.round((score * (labels.length - 1)) / 100);

await ratingPage((room) => {
  const { page, player, heard, ratings, rate } = room;
  const alone = page.stimuli.length === 1;
  // Several stimuli on one page have their buttons beside their answers, so that nobody scrolls.
  const rated = new Set(page.stimuli.map(({ id }) => id));
  const buttons = soundButtons(room, alone ? heard : heard.filter(({ id }) => !rated.has(id)));
  const shows = [buttons.show];

  function row({ key, question, labels }, { id, label }) {
    const group = choices({
      question: alone ? question : t("mix", { label }),
      answers: labels, disabled: page.locked, row: true,
      chosen: (at) => rate(id, key, (100 * at) / (labels.length - 1)),
    });
    shows.push(() => {
      const score = ratings.score(id, key);
      group.set(score === null ? null : category(score, labels));
      group.enable(!page.options.rate_only_playing || (player.playing && player.active === id));
    });
    if (alone) return group.node;
    const own = soundButtons(room, [{ id, label }]);
    shows.push(own.show);
    const className = fitAbreast(labels) ? "rated abreast" : "rated";
    return element("div", { className }, own.node, group.node);
  }

  const parts = page.attributes.map((attribute) => element("section", {},
    ...(alone ? [] : [element("h2", { dir: "auto", textContent: attribute.question })]),
    ...page.stimuli.map((stimulus) => row(attribute, stimulus))));
  return {
    node: element("div", {}, buttons.node, ...parts),
    show: () => shows.forEach((show) => show()),
    say: (score, { labels }) => labels[category(score, labels)],
  };
});

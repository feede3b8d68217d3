/** CCR (ITU-T P.800): how the second compares with the first. */
import { choices } from "../choices.js";
import { element } from "../dom.js";
import { ratingPage } from "../rating-page.js";
import { soundButtons } from "../sound-buttons.js";
import { t } from "../texts.js";

await ratingPage((room) => {
  const { page, ratings, rateTogether } = room;
  const [first, second] = page.stimuli;
  const buttons = soundButtons(room);
  const groups = page.attributes.map(({ key, question, labels }) => {
    const scores = labels.map((_, at) => {
      const grade = (50 * (2 * at - labels.length + 1)) / (labels.length - 1);
      return [50 - grade, 50 + grade];
    });
    const group = choices({
      question: `${question} (${t("second_to_first", { first: first.label, second: second.label })})`,
      disabled: page.locked,
      answers: labels,
      chosen: (at) => rateTogether(key, [[first.id, scores[at][0]], [second.id, scores[at][1]]]),
    });
    const show = () => {
      const score = ratings.score(second.id, key);
      group.set(score === null ? null : scores.findIndex(([, other]) => Math.abs(other - score) < 0.1));
    };
    return { node: group.node, show };
  });
  return {
    node: element("div", {}, buttons.node, ...groups.map(({ node }) => node)),
    show: () => [buttons, ...groups].forEach(({ show }) => show()),
    say: () => "",
  };
}, { missing: "not_chosen" });

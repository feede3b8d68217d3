/** ABX: which of A and B is X? */
import { choices } from "../choices.js";
import { element } from "../dom.js";
import { ratingPage } from "../rating-page.js";
import { soundButtons } from "../sound-buttons.js";
import { t } from "../texts.js";

await ratingPage((room) => {
  const { page, ratings, rateTogether } = room;
  const [first, second] = page.stimuli;
  const buttons = soundButtons(room);
  const groups = page.attributes.map(({ key, question }) => {
    const scores = [[100, 0], [0, 100]];
    const group = choices({
      question, disabled: page.locked,
      answers: [t("x_is", first), t("x_is", second)],
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
}, { reference: "X", referenceKey: "x", missing: "not_chosen" });

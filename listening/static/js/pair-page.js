/** What pages with two stimuli share: one is chosen, or how they compare (AB, ABX, CCR). */
import { choices } from "./choices.js";
import { element } from "./dom.js";
import { ratingPage } from "./rating-page.js";
import { soundButtons } from "./sound-buttons.js";

/**
 * @param {(page: object, attribute: object) => [string, number][]} answersOf  what can be answered,
 *   each with the score of the second stimulus; the first one gets what is missing to 100
 * @param {{questionOf?: (page: object, attribute: object) => string}} words  and those of `ratingPage`
 */
export async function pairPage(answersOf, { questionOf = (_, { question }) => question, ...words } = {}) {
  await ratingPage((room) => {
    const { page, ratings, rateTogether } = room;
    const [first, second] = page.stimuli;
    const buttons = soundButtons(room);
    const groups = page.attributes.map((attribute) => {
      const { key } = attribute;
      const answers = answersOf(page, attribute);
      const { node, set } = choices({
        question: questionOf(page, attribute),
        disabled: page.locked,
        answers: answers.map(([text]) => text),
        chosen: (at) => {
          const [, score] = answers[at];
          rateTogether(key, [[first.id, 100 - score], [second.id, score]]);
        },
      });
      const show = () => {
        const given = ratings.score(second.id, key);
        set(given === null ? null : answers.findIndex(([, score]) => Math.abs(score - given) < 0.1));
      };
      return { node, show };
    });
    return {
      node: element("div", {}, buttons.node, ...groups.map(({ node }) => node)),
      show: () => [buttons, ...groups].forEach(({ show }) => show()),
      say: () => "",
    };
  }, { missing: "not_chosen", ...words });
}

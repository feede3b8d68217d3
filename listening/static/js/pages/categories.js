/** ACR, DCR and Likert batteries: each stimulus in one of a few labelled categories. */
import { choices } from "../choices.js";
import { element } from "../dom.js";
import { ratingPage } from "../rating-page.js";
import { soundButtons } from "../sound-buttons.js";
import { t } from "../texts.js";

await ratingPage((room) => {
  const { page, player, ratings, rate } = room;
  const buttons = soundButtons(room);
  const alone = page.stimuli.length === 1;
  const parts = page.attributes.map(({ key, question, labels }) => {
    const top = labels.length - 1;
    const groups = page.stimuli.map(({ id, label }) => {
      const group = choices({
        question: alone ? question : t("mix", { label }),
        answers: labels, disabled: page.locked, row: true,
        chosen: (at) => rate(id, key, (100 * at) / top),
      });
      const show = () => {
        const score = ratings.score(id, key);
        group.set(score === null ? null : Math.round((score * top) / 100));
        group.enable(!page.options.rate_only_playing || (player.playing && player.active === id));
      };
      return { node: group.node, show };
    });
    const heading = alone ? [] : [element("h2", { dir: "auto", textContent: question })];
    return { node: element("section", {}, ...heading, ...groups.map(({ node }) => node)), groups };
  });
  const shows = [buttons, ...parts.flatMap(({ groups }) => groups)];
  return {
    node: element("div", {}, buttons.node, ...parts.map(({ node }) => node)),
    show: () => shows.forEach(({ show }) => show()),
  };
});

/** MUSHRA (ITU-R BS.1534-3) and BS.2132: a slider per stimulus over labelled intervals. */
import { boards } from "../board.js";
import { ratingPage } from "../rating-page.js";
import { t } from "../texts.js";

const interval = (score, labels) => Math.min(labels.length - 1, Math.floor((score * labels.length) / 100));

await ratingPage((room) => boards(room, {
  reference: t("reference"), min: 0, max: 100, step: 1, rest: 50,
  toScore: (value) => value,
  toValue: (score) => score,
  shown: (score) => String(Math.round(score)),
  say: (score, { labels }) => t("score_of", { score: Math.round(score), word: labels[interval(score, labels)] }),
}));

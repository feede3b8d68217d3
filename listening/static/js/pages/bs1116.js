/** BS.1116: B and C against the reference A, graded from 1.0 to 5.0 in steps of 0.1. */
import { boards } from "../board.js";
import { ratingPage } from "../rating-page.js";
import { t } from "../texts.js";

const LOWEST = 1;
const HIGHEST = 5;
const toGrade = (score) => LOWEST + (score * (HIGHEST - LOWEST)) / 100;

await ratingPage((room) => boards(room, {
  reference: "A", min: LOWEST, max: HIGHEST, step: 0.1, rest: HIGHEST,
  toScore: (grade) => (100 * (grade - LOWEST)) / (HIGHEST - LOWEST),
  toValue: toGrade,
  shown: (score) => toGrade(score).toFixed(1),
  say: (score, { labels }) => t("score_of", {
    score: toGrade(score).toFixed(1), word: labels[Math.round((score / 100) * (labels.length - 1))],
  }),
  marks: (at, all) => toGrade((100 * at) / (all - 1)).toFixed(1),
}), { reference: "A", referenceKey: "a" });

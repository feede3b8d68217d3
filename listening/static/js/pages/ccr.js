/** CCR (ITU-T P.800): how the second compares with the first. */
import { pairPage } from "../pair-page.js";
import { t } from "../texts.js";

await pairPage(
  (_, { labels }) => labels.map((label, at) => [label, (100 * at) / (labels.length - 1)]),
  {
    questionOf: ({ stimuli: [first, second] }, { question }) =>
      `${question} (${t("second_to_first", { first: first.label, second: second.label })})`,
  },
);

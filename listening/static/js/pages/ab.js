/** AB: which of two is better, or neither. */
import { pairPage } from "../pair-page.js";
import { t } from "../texts.js";

await pairPage(({ stimuli: [first, second], no_preference: mayBeNeither }) => [
  [t("mix", first), 0],
  ...(mayBeNeither ? [[t("no_preference"), 50]] : []),
  [t("mix", second), 100],
]);

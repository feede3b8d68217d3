/** ABX: which of A and B is X? */
import { pairPage } from "../pair-page.js";
import { t } from "../texts.js";

await pairPage(
  ({ stimuli: [first, second] }) => [[t("x_is", first), 0], [t("x_is", second), 100]],
  { reference: "X", referenceKey: "x" },
);

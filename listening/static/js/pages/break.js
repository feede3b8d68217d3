/** The clock of a break: counts down and holds nobody back. */
import { t } from "../texts.js";

const clock = document.getElementById("break-clock");

if (clock) {
  const endsAt = Date.now() + 1000 * Number(clock.dataset.seconds);
  const tick = () => {
    const left = Math.max(0, Math.round((endsAt - Date.now()) / 1000));
    const seconds = String(left % 60).padStart(2, "0");
    clock.textContent = left ? t("time_left", { minutes: Math.floor(left / 60), seconds }) : t("time_over");
    if (left) setTimeout(tick, 250);
  };
  tick();
}

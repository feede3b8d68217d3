/** The way back to a panel: taken by itself, as many would forget, unless one wants to stay. */
import { t } from "../texts.js";

const SECONDS = 10;

const link = document.getElementById("way-back");
const taken = document.getElementById("taken-back");

if (link && taken) {
  const endsAt = Date.now() + 1000 * SECONDS;
  const clock = setInterval(tick, 250);
  taken.querySelector("button").onclick = () => {
    clearInterval(clock);
    taken.hidden = true;
  };
  taken.hidden = false;
  tick();

  function tick() {
    const seconds = Math.max(0, Math.ceil((endsAt - Date.now()) / 1000));
    taken.querySelector("[role=timer]").textContent = t("taken_back", { seconds });
    if (seconds) return;
    clearInterval(clock);
    location.assign(link.href);
  }
}

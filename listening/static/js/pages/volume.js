/** Set the volume once: one sound, looped, and a slider in decibels. */
import { element } from "../dom.js";
import { EventLog } from "../events.js";
import { loading } from "../loading.js";
import { Player } from "../player.js";
import { openContext, preload } from "../sounds.js";
import { t } from "../texts.js";
import { storedVolume, storeVolume } from "../volume.js";

const LOWEST_DB = -40;

const page = JSON.parse(document.getElementById("page-data").textContent);
const place = document.getElementById("volume-page");
const log = new EventLog(page);
const context = openContext(page.sample_rate_hz);

const toGain = (db) => (db <= LOWEST_DB ? 0 : 10 ** (db / 20));
const toDb = (gain) => (gain <= 0 ? LOWEST_DB : Math.max(LOWEST_DB, 20 * Math.log10(gain)));

function controls(player) {
  const button = element("button", { type: "button", className: "play", textContent: t("play") });
  const slider = element("input", {
    type: "range", min: LOWEST_DB, max: 0, step: 1, value: Math.round(toDb(storedVolume(page))),
  });
  const shown = element("output", { dir: "ltr" });
  const show = () => {
    shown.textContent = `${slider.value} dB`;
    button.textContent = player.playing ? t("pause") : t("play");
    button.dataset.state = player.playing ? "playing" : "paused";
  };
  button.onclick = async () => {
    await player.context.resume();
    if (player.playing) player.pause();
    else player.play(page.stimuli[0].id);
  };
  slider.oninput = () => {
    player.setVolume(toGain(Number(slider.value)));
    storeVolume(page, player.volume);
    show();
  };
  slider.onchange = () => log.add("volume", { gain_db: Number(slider.value) });
  player.addEventListener("change", show);
  player.setVolume(storedVolume(page));
  show();
  return [
    element("div", { className: "volume" }, button,
      element("label", { className: "volume-level" }, t("volume"), slider), shown),
  ];
}

const buffers = await loading(place, context, page.stimuli);
place.replaceChildren(...controls(new Player(context, buffers)));
preload(page.preload);

/** The bar under which everything plays: play and pause, position, and the part that is looped. */
import { alongX, draggable, element, steppedBy } from "./dom.js";
import { MIN_LOOP_S } from "./player.js";
import { t } from "./texts.js";

const clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;

/** Whoever asks for less motion sees the position move once a second. */
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const CALM_MS = 1000;

/**
 * @param {import("./player.js").Player} player
 * @param {{toggle: () => void, waveform: boolean, log: (name: string, data: object) => void}} hooks
 * @returns {HTMLElement}
 */
export function transport(player, { toggle, waveform, log }) {
  const play = element("button", { type: "button", className: "play", onclick: toggle });
  const part = element("div", { className: "timeline-part" });
  const head = element("div", { className: "timeline-head", ...slider(t("position")) });
  const track = element("div", { className: "timeline-track" }, part, head);
  const timeline = element("div", { className: "timeline", dir: "ltr" }, track);
  const time = element("span", { className: "time", dir: "ltr", "aria-hidden": "true" });
  const whole = element("button", { type: "button", className: "quiet whole", textContent: t("whole_passage") });
  const bar = element("section", { className: "transport", "aria-label": t("playback") }, play, timeline, time);
  const canvas = waveform ? element("canvas", { className: "waveform", "aria-hidden": "true" }) : null;
  if (canvas) track.prepend(canvas);
  // One height for all, or the pictures would tell more than the sounds.
  const loudest = canvas ? Math.max(...[...player.buffers.values()].map(peakOf)) : 1;

  const seek = (event) => player.seek(alongX(track, event) * player.durationS);
  draggable(timeline, { start: seek, move: seek, end: () => log("seek", { position_s: player.positionS }) });
  keys(head, () => player.positionS, () => player.durationS, (to) => player.seek(to));

  const handles = player.loop ? [
    handle(t("loop_start"), (at) => [Math.min(at, player.region.end - MIN_LOOP_S), player.region.end], () => player.region.start),
    handle(t("loop_end"), (at) => [player.region.start, Math.max(at, player.region.start + MIN_LOOP_S)], () => player.region.end),
  ] : [];
  if (player.loop) {
    track.append(...handles);
    bar.append(whole);
    whole.onclick = () => loop(0, player.durationS);
  }

  function loop(start, end) {
    player.setRegion(start, end);
    log("loop", { start_s: player.region.start, end_s: player.region.end });
  }

  function handle(label, regionFor, value) {
    const made = element("div", { className: "timeline-handle", ...slider(label) });
    let region = null;
    draggable(made, {
      start: (event) => event.stopPropagation(),
      move: (event) => {
        region = regionFor(alongX(track, event) * player.durationS);
        place(...region);
      },
      end: () => {
        if (region) loop(...region);
        region = null;
      },
    });
    keys(made, value, () => player.durationS, (to) => loop(...regionFor(to)));
    return made;
  }

  function place(start, end) {
    const [from, to] = [start, end].map((seconds) => `${(100 * seconds) / player.durationS}%`);
    part.style.left = from;
    part.style.width = `${(100 * (end - start)) / player.durationS}%`;
    if (handles.length === 0) return;
    handles[0].style.left = from;
    handles[1].style.left = to;
    say(handles[0], start, player.durationS);
    say(handles[1], end, player.durationS);
  }

  function tick() {
    const at = player.positionS;
    head.style.left = `${(100 * at) / player.durationS}%`;
    time.textContent = `${clock(at)} / ${clock(player.durationS)}`;
    if (!player.playing) return;
    if (calm.matches) setTimeout(tick, CALM_MS);
    else requestAnimationFrame(tick);
  }

  function show() {
    const { start, end } = player.region;
    play.textContent = player.playing ? t("pause") : t("play");
    play.dataset.state = player.playing ? "playing" : "paused";
    place(start, end);
    say(head, player.positionS, player.durationS);
    whole.hidden = start === 0 && end >= player.durationS - 1e-3;
    if (canvas) draw(canvas, player.buffers.get(player.active ?? player.buffers.keys().next().value), loudest);
    tick();
  }

  player.addEventListener("change", show);
  queueMicrotask(show);
  return bar;
}

const slider = (label) => ({ role: "slider", tabIndex: 0, "aria-label": label, "aria-valuemin": "0" });

function say(target, seconds, durationS) {
  target.setAttribute("aria-valuemax", durationS.toFixed(1));
  target.setAttribute("aria-valuenow", seconds.toFixed(1));
  target.setAttribute("aria-valuetext", t("seconds", { value: seconds.toFixed(1) }));
}

function keys(target, value, max, set) {
  target.addEventListener("keydown", (event) => {
    const to = steppedBy(event, value(), { min: 0, max: max(), step: 0.1, page: 1 });
    if (to === null) return;
    event.preventDefault();
    set(to);
  });
}

const STRIDE = 8;

function peakOf(buffer) {
  const samples = buffer.getChannelData(0);
  let peak = 1e-6;
  for (let i = 0; i < samples.length; i += STRIDE) peak = Math.max(peak, Math.abs(samples[i]));
  return peak;
}

function draw(canvas, buffer, loudest) {
  const width = (canvas.width = canvas.clientWidth * devicePixelRatio);
  const height = (canvas.height = canvas.clientHeight * devicePixelRatio);
  const pen = canvas.getContext("2d");
  const samples = buffer.getChannelData(0);
  const step = samples.length / width;
  pen.fillStyle = getComputedStyle(canvas).color;
  for (let x = 0; x < width; x += 1) {
    let peak = 0;
    for (let i = Math.floor(x * step); i < (x + 1) * step; i += STRIDE) peak = Math.max(peak, Math.abs(samples[i]));
    const bar = (height * peak) / loudest;
    pen.fillRect(x, (height - bar) / 2, 1, Math.max(1, bar));
  }
}

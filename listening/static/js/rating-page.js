/**
 * What all rating pages share: sounds, player, saving, and the way to the next page.
 *
 * A page type gives `build(room)`, which makes its sliders and returns `{node, show}`; `show()`
 * is called whenever the player or the ratings changed.
 */
import { element } from "./dom.js";
import { EventLog } from "./events.js";
import { Player } from "./player.js";
import { Ratings } from "./ratings.js";
import { Saver } from "./saver.js";
import { shortcuts } from "./shortcuts.js";
import { loadSounds, openContext } from "./sounds.js";
import { texts } from "./texts.js";
import { transport } from "./transport.js";
import { storedVolume } from "./volume.js";

const SAVE_HEARD_MS = 5000;

export async function ratingPage(build) {
  const page = JSON.parse(document.getElementById("page-data").textContent);
  const place = document.getElementById("rating-page");
  const log = new EventLog(page);
  const context = openContext(page.sample_rate_hz);
  const reference = page.reference ? [{ ...page.reference, label: texts.reference }] : [];
  const heard = [...reference, ...page.stimuli];
  const buffers = await loading(place, context, heard);
  const { loop, restart_on_switch: restartOnSwitch } = page.options;
  const player = new Player(context, buffers, { loop, restartOnSwitch });
  player.setVolume(storedVolume(page));
  place.replaceChildren(...room(page, player, heard, log, build));
  place.setAttribute("aria-busy", "false");
}

async function loading(place, context, sounds) {
  const bar = element("progress", { max: sounds.length, value: 0 });
  const text = element("p", { role: "status", textContent: texts.loading(0, sounds.length) });
  place.replaceChildren(text, bar);
  try {
    return await loadSounds(context, sounds, (done) => {
      bar.value = done;
      text.textContent = texts.loading(done, sounds.length);
    });
  } catch (error) {
    console.error(error);
    const again = element("button", { type: "button", textContent: texts.tryAgain });
    place.replaceChildren(
      element("p", { role: "alert", className: "notice", textContent: texts.loadFailed }), again);
    await new Promise((resolve) => { again.onclick = resolve; });
    return loading(place, context, sounds);
  }
}

/** The parts of the page, wired. @returns {HTMLElement[]} */
function room(page, player, heard, log, build) {
  const ratings = new Ratings(page, player.counts);
  let pageType = null;
  const show = () => pageType?.show();
  const notice = element("div", { role: "alert", className: "notice", hidden: true });
  const saver = new Saver(page, {
    collect: () => {
      player.settle();
      return ratings.body();
    },
    adopt: (saved) => {
      ratings.adopt(saved);
      show();
    },
    refused: tell,
    status: document.getElementById("save-status"),
  });

  function tell(sentences) {
    notice.replaceChildren(...sentences.map((sentence) => element("p", { textContent: sentence })));
    notice.hidden = sentences.length === 0;
  }

  async function hear(id) {
    await awake(player, page, tell);
    if (player.active === id && player.playing) return;
    log.add(player.playing ? "switch" : "play", { stimulus: id, position_s: player.positionS });
    if (player.counts.get(id).plays === 0) log.add("audio", audioFacts(player.context));
    player.play(id);
    saver.changed();
  }

  function toggle() {
    if (!player.playing) return hear(player.active ?? heard[0].id);
    log.add("pause", { position_s: player.positionS });
    player.pause();
    return saver.changed();
  }

  function rate(stimulus, attribute, score) {
    const { label } = page.stimuli.find(({ id }) => id === stimulus);
    if (page.locked) return;
    if (page.options.rate_only_playing && !(player.playing && player.active === stimulus)) {
      tell([texts.playFirst(label)]);
      return;
    }
    tell([]);
    ratings.rate(stimulus, attribute, score);
    log.add("rate", { stimulus, attribute, score: ratings.score(stimulus, attribute) });
    show();
    saver.changed();
  }

  pageType = build({ page, player, ratings, hear, rate });
  player.addEventListener("change", show);
  queueMicrotask(show);
  setInterval(() => player.playing && saver.changed(), SAVE_HEARD_MS);
  addEventListener("pagehide", () => player.playing && saver.changed());

  const bar = transport(player, {
    toggle, waveform: page.options.waveform, log: (name, data) => log.add(name, data),
  });
  return [
    ...(page.locked ? [element("p", { className: "notice", textContent: texts.lockedPage })] : []),
    bar,
    pageType.node,
    ...(page.options.comments ? [commentField(page, ratings, saver)] : []),
    notice,
    element("div", { className: "leave" }, nextButton()),
    shortcuts(keyActions(page, player, heard, { hear, toggle })),
  ];

  function nextButton() {
    const next = element("button", { type: "button", id: "next", textContent: texts.next });
    next.onclick = () => {
      if (page.locked) return location.assign(page.next);
      player.settle();
      const gaps = ratings.gaps();
      tell(gaps);
      pageType.show();
      return gaps.length === 0 && saver.leave();
    };
    return next;
  }
}

/** Make sure that sound comes out: contexts sleep, and die with their device. */
async function awake(player, page, tell) {
  if (player.context.state === "running") return;
  await Promise.race([
    player.context.resume().catch(() => null),
    new Promise((resolve) => setTimeout(resolve, 1500)),
  ]);
  if (player.context.state !== "running") {
    player.useContext(openContext(page.sample_rate_hz));
    await player.context.resume();
  }
  player.context.onstatechange = () => {
    if (player.context.state !== "running" && player.playing) {
      player.pause();
      tell([texts.soundStopped]);
    }
  };
  tell([]);
}

function audioFacts(context) {
  return {
    sample_rate_hz: context.sampleRate,
    base_latency_s: context.baseLatency,
    output_latency_s: context.outputLatency ?? null,
  };
}

function commentField(page, ratings, saver) {
  const field = element("textarea", {
    rows: 2, maxLength: 10000, value: ratings.comment, disabled: page.locked,
  });
  field.oninput = () => {
    ratings.comment = field.value;
    saver.changed();
  };
  return element("label", { className: "comment" }, texts.comment, field);
}

function keyActions(page, player, heard, { hear, toggle }) {
  const actions = new Map([[" ", { action: toggle, text: texts.shortcutPlay, show: "Space" }]]);
  const first = page.stimuli[0].label.toUpperCase();
  const last = page.stimuli.at(-1).label.toUpperCase();
  page.stimuli.forEach(({ id, label }, at) => {
    const action = () => hear(id);
    const shown = at === 0 ? { show: `${first} – ${last}` } : { show: "" };
    actions.set(label.toLowerCase(), { action, text: texts.shortcutStimulus, ...shown });
  });
  if (page.reference) {
    actions.set("r", { action: () => hear(heard[0].id), text: texts.shortcutReference });
  }
  if (player.loop) {
    actions.set("[", {
      action: () => player.setRegion(player.positionS, player.region.end),
      text: texts.shortcutRegion,
      show: "[ ]",
    });
    actions.set("]", { action: () => player.setRegion(player.region.start, player.positionS), text: "", show: "" });
    actions.set("backspace", { action: () => player.setRegion(0, player.durationS), text: "", show: "" });
  }
  return actions;
}

/**
 * What all rating pages share: sounds, player, saving, and the way to the next page.
 *
 * A page type gives `build(room)`, which makes its sliders and returns `{node, show, focus, say}`:
 * `show()` is called whenever the player or the ratings changed, `focus(stimulus)` goes to where
 * that one is rated, `say(score, attribute)` puts a score into the words of the page, or into none
 * where it is no score that one gives; the last two are optional.
 */
import { element, notices } from "./dom.js";
import { EventLog } from "./events.js";
import { loading } from "./loading.js";
import { Player } from "./player.js";
import { Ratings } from "./ratings.js";
import { Saver } from "./saver.js";
import { shortcuts } from "./shortcuts.js";
import { openContext, preload, releaseOnLeave } from "./sounds.js";
import { t } from "./texts.js";
import { transport } from "./transport.js";
import { watchUnderruns } from "./underruns.js";
import { storedVolume } from "./volume.js";

const SAVE_HEARD_MS = 5000;

/**
 * @param {(room: object) => {node: Node, show: () => void, focus?: (stimulus: string) => void,
 *   say?: (score: number, attribute: object) => string}} build
 * @param {{reference?: string, referenceKey?: string, missing?: string}} words  what the open
 *   stimulus is called and which key plays it; the text where a page is not rated yet
 */
export async function ratingPage(build, {
  reference: name = t("reference"), referenceKey = "r", missing = "not_rated_yet",
} = {}) {
  const page = JSON.parse(document.getElementById("page-data").textContent);
  const place = document.getElementById("rating-page");
  const log = new EventLog(page);
  const context = openContext(page.sample_rate_hz);
  const reference = page.reference ? [{ ...page.reference, label: name, key: referenceKey }] : [];
  const heard = [...reference, ...page.stimuli];
  const buffers = await loading(place, context, heard);
  const { loop, restart_on_switch: restartOnSwitch } = page.options;
  const player = new Player(context, buffers, { loop, restartOnSwitch });
  player.setVolume(storedVolume(page));
  place.replaceChildren(...room(page, player, heard, log, build, missing));
  place.setAttribute("aria-busy", "false");
  releaseOnLeave(player);
  preload(page.preload);
}

/** The parts of the page, wired. @returns {HTMLElement[]} */
function room(page, player, heard, log, build, missing) {
  const ratings = new Ratings(page, player.counts, missing);
  let pageType = null;
  const show = () => {
    pageType?.show();
    fields.forEach((field) => field.show());
  };
  const fields = [];
  const { node: notice, tell } = notices();
  const saver = new Saver(page, {
    collect: () => {
      player.settle();
      return ratings.body();
    },
    adopt: (saved) => {
      ratings.adopt(saved);
      show();
    },
    stored: (state) => ratings.stored(state),
    refused: tell,
    status: document.getElementById("save-status"),
  });

  async function hear(id) {
    await awake(player, page, tell, log);
    if (player.active === id && player.playing) return;
    log.add(player.playing ? "switch" : "play", { stimulus: id, position_s: player.positionS, ...heardSoFar() });
    if (player.counts.get(id).plays === 0) log.add("audio", audioFacts(player.context));
    player.play(id);
    saver.changed();
  }

  /** What was heard until now, and for how long on this visit of the page. */
  function heardSoFar() {
    if (!player.playing) return {};
    player.settle();
    return { left: player.active, listened_ms: Math.round(player.counts.get(player.active).listenedMs) };
  }

  function toggle() {
    if (!player.playing) return hear(player.active ?? heard[0].id);
    log.add("pause", { position_s: player.positionS, ...heardSoFar() });
    player.pause();
    return saver.changed();
  }

  function rate(stimulus, attribute, score) {
    const { label } = page.stimuli.find(({ id }) => id === stimulus);
    if (page.locked) return;
    if (page.options.rate_only_playing && !(player.playing && player.active === stimulus)) {
      tell([t("play_first", { label })]);
      return;
    }
    rateTogether(attribute, [[stimulus, score]]);
  }

  /** @param {[string, number][]} scores by stimulus */
  function rateTogether(attribute, scores) {
    if (page.locked) return;
    tell([]);
    for (const [stimulus, score] of scores) {
      ratings.rate(stimulus, attribute, score);
      log.addMove("rate", { stimulus, attribute, score: ratings.score(stimulus, attribute) });
    }
    show();
    saver.changed();
  }

  pageType = build({ page, player, heard, ratings, hear, rate, rateTogether });
  player.addEventListener("change", show);
  queueMicrotask(show);
  watch(player, tell, log);
  watchUnderruns(player, (lostMs) => log.add("underrun", { lost_ms: lostMs }));
  player.addEventListener("late", () => log.add("audio", { late_start: true, lead_s: player.leadS }));
  navigator.mediaDevices?.addEventListener("devicechange", () => log.add("audio", { device: "changed" }));
  setInterval(() => player.playing && saver.changed(), SAVE_HEARD_MS);
  addEventListener("pagehide", () => player.playing && saver.changed());

  const bar = transport(player, {
    toggle, waveform: page.options.waveform, log: (name, data) => log.add(name, data),
  });
  if (page.options.stimulus_comments) fields.push(remarks(page, ratings, saver));
  if (page.options.comments) fields.push(commentField(page, ratings, saver));

  return [
    ...(page.locked ? [element("p", { className: "notice", textContent: t("locked_page") })] : []),
    bar,
    pageType.node,
    ...fields.map(({ node }) => node),
    ...(page.feedback.length || page.x_was ? [feedback(page, ratings, pageType.say)] : []),
    notice,
    element("div", { className: "leave" }, nextButton()),
    shortcuts(keyActions(page, player, heard, { hear, toggle, focus: (id) => pageType.focus?.(id) })),
  ];

  function nextButton() {
    const next = element("button", { type: "button", id: "next", textContent: t("next") });
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
async function awake(player, page, tell, log) {
  if (player.context.state === "running") return;
  await Promise.race([
    player.context.resume().catch(() => null),
    new Promise((resolve) => setTimeout(resolve, 1500)),
  ]);
  if (player.context.state !== "running") {
    player.useContext(openContext(page.sample_rate_hz));
    watch(player, tell, log);
    await player.context.resume();
  }
  tell([]);
}

/** Say so when a device is unplugged, a call comes in, or a tab was put to sleep. */
function watch(player, tell, log) {
  const { context } = player;
  const stopped = () => {
    if (context !== player.context || context.state === "running") return;
    log.add("audio", { state: context.state });
    if (!player.playing) return;
    player.pause();
    tell([t("sound_stopped")]);
  };
  context.onstatechange = stopped;
  context.onerror = stopped;
}

function audioFacts(context) {
  return {
    sample_rate_hz: context.sampleRate,
    base_latency_s: context.baseLatency,
    output_latency_s: context.outputLatency ?? null,
  };
}

function commentField(page, ratings, saver) {
  return textField(2, t("comment"), ratings.comments, "page", page, saver);
}

/** A field that shows a text, another tab's changes as well, and saves what is typed. */
function textField(rows, label, texts, key, page, saver) {
  const field = element("textarea", { rows, maxLength: 10000, disabled: page.locked });
  const show = () => {
    if (field.value !== texts.get(key)) field.value = texts.get(key);
  };
  field.oninput = () => {
    texts.set(key, field.value);
    saver.changed();
  };
  show();
  return { node: element("label", { className: "comment" }, label, field), show };
}

/** A field for remarks on each stimulus. */
function remarks(page, ratings, saver) {
  const fields = page.stimuli.map(({ label }, at) => textField(
    1, t("comment_on", { label }), ratings.remarks, `comment_${at + 1}`, page, saver));
  const open = Object.values(ratings.remarks.body()).some((text) => text);
  const node = element("details", { className: "remarks", open },
    element("summary", { textContent: t("comments_on_each") }), ...fields.map((field) => field.node));
  return { node, show: () => fields.forEach(({ show }) => show()) };
}

/** What a practice page says about each stimulus once it was left. */
function feedback(page, ratings, say = (score) => String(Math.round(score))) {
  const [attribute] = page.attributes;
  const inWords = (score) => say(score, attribute);
  const labelOf = (stimulus) => page.stimuli.find(({ id }) => id === stimulus).label;
  const row = (name, ...texts) => element("li", { className: name }, ...texts.flatMap((text) => [text, " "]));
  const rows = page.feedback.map(({ stimulus, text, low, high }) => {
    const score = ratings.score(stimulus, attribute.key);
    const given = score === null ? "" : inWords(score);
    const ranged = low !== null && high !== null;
    const met = ranged && score !== null && score >= low && score <= high;
    return row(ranged ? (met ? "met" : "missed") : "",
      element("strong", { textContent: t("mix", { label: labelOf(stimulus) }) }), text,
      given && t("you_gave", { score: given }),
      ranged ? t("expected", { low: inWords(low), high: inWords(high) }) : "");
  });
  if (page.x_was) {
    const score = ratings.score(page.x_was, attribute.key);
    const right = score > 50;
    rows.unshift(row(score === null ? "" : (right ? "met" : "missed"),
      score === null ? "" : t(right ? "right" : "wrong"), t("x_was", { label: labelOf(page.x_was) })));
  }
  return element("section", { className: "feedback notice", "aria-labelledby": "feedback" },
    element("h2", { id: "feedback", textContent: t("feedback") }), element("ul", {}, ...rows));
}

function keyActions(page, player, heard, { hear, toggle, focus }) {
  const actions = new Map([[" ", { action: toggle, text: t("shortcut_play"), show: t("key_space") }]]);
  const first = page.stimuli[0].label.toUpperCase();
  const last = page.stimuli.at(-1).label.toUpperCase();
  page.stimuli.forEach(({ id, label }, at) => {
    const action = async () => {
      await hear(id);
      focus(id);
    };
    const shown = at > 0 ? { show: "" } : { show: first === last ? first : `${first} – ${last}` };
    actions.set(label.toLowerCase(), { action, text: t("shortcut_stimulus"), ...shown });
  });
  if (page.reference) {
    const [{ id, key }] = heard;
    const text = t(key === "x" ? "shortcut_x" : "shortcut_reference");
    actions.set(key, { action: () => hear(id), text });
  }
  if (player.loop) {
    actions.set("[", {
      action: () => player.setRegion(player.positionS, player.region.end),
      text: t("shortcut_region"),
      show: "[ ]",
    });
    actions.set("]", { action: () => player.setRegion(player.region.start, player.positionS), text: "", show: "" });
    actions.set("backspace", { action: () => player.setRegion(0, player.durationS), text: "", show: "" });
  }
  return actions;
}

/** A rating page: play buttons and one slider per stimulus and attribute, unset until moved. */
import { load } from "./player.js";
import { Saver } from "./saver.js";

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export async function ratingPage() {
  const page = JSON.parse(document.getElementById("page-data").textContent);
  const status = document.getElementById("save-status");
  const saver = new Saver(page, status);
  const heard = [...(page.reference ? [{ ...page.reference, label: "Reference" }] : []), ...page.stimuli];
  const player = await load(heard, page.sample_rate_hz);
  const before = new Map((saver.state?.ratings ?? []).map((r) => [r.stimulus + " " + r.attribute, r]));
  const ratings = new Map(page.stimuli.flatMap(({ id }) => page.attributes.map(({ key }) => [
    id + " " + key,
    before.get(id + " " + key) ??
      { stimulus: id, attribute: key, score: null, rated_at: null, listened_ms: 0, plays: 0 },
  ])));
  const base = new Map([...ratings].map(([key, r]) => [key, [r.listened_ms, r.plays]]));
  const state = (complete) => {
    player.settle();
    for (const [key, rating] of ratings) {
      const { plays, listenedMs } = player.counts.get(rating.stimulus);
      rating.listened_ms = Math.round(base.get(key)[0] + listenedMs);
      rating.plays = base.get(key)[1] + plays;
    }
    return { ratings: [...ratings.values()], answers: {}, comment: "", complete };
  };
  const buttons = heard.map(({ id, label }) => {
    const button = element("button", { type: "button", textContent: "Play " + label });
    button.setAttribute("aria-pressed", "false");
    button.onclick = async () => {
      await player.context.resume();
      if (player.active === id) player.stop(); else player.play(id);
      buttons.forEach((other, i) => other.setAttribute("aria-pressed", String(heard[i].id === player.active)));
      saver.save(state(false));
    };
    return button;
  });
  const groups = page.attributes.map(({ key, question, labels }) => element(
    "fieldset", {}, element("legend", { textContent: question }),
    element("p", { textContent: labels.join(" · ") }),
    ...page.stimuli.map(({ id, label }) => {
      const rating = ratings.get(id + " " + key);
      const shown = element("output", { textContent: rating.score ?? "not rated" });
      const slider = element("input", { type: "range", min: 0, max: 100, step: 0.1, value: rating.score ?? 50 });
      slider.oninput = () => {
        rating.score = Number(slider.value);
        rating.rated_at = new Date().toISOString();
        shown.textContent = slider.value;
        saver.save(state(false));
      };
      return element("label", { className: "rating" }, label + " ", slider, shown);
    })));
  const next = element("button", { type: "button", textContent: "Next" });
  next.onclick = () => {
    const now = state(false).ratings;
    const unheard = page.options.must_play_all && now.some((r) => !r.plays);
    const unrated = page.options.must_rate_all && now.some((r) => r.score === null);
    if (unheard || unrated) {
      status.textContent = unheard ? "Please play every sound first." : "Please rate every sound first.";
      return;
    }
    saver.save(state(true));
  };
  document.querySelector("main").append(element("p", {}, ...buttons), ...groups, next);
}

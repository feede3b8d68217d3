/** Screening: short sounds, each with a question; what is right only the server knows. */
import { choices } from "../choices.js";
import { element, notices } from "../dom.js";
import { EventLog } from "../events.js";
import { loading } from "../loading.js";
import { Texts } from "../merging.js";
import { Saver } from "../saver.js";
import { openContext, preload } from "../sounds.js";
import { t } from "../texts.js";
import { storedVolume } from "../volume.js";

const page = JSON.parse(document.getElementById("page-data").textContent);
const form = document.getElementById("check-page");
const context = openContext(page.sample_rate_hz);
const log = new EventLog(page);
const output = new GainNode(context, { gain: storedVolume(page) });
output.connect(context.destination);
const given = new Texts(page.saved?.answers);
const shows = [];
const { node: notice, tell } = notices();
let playing = null;

const saver = new Saver(page, {
  collect: () => ({ ratings: [], answers: given.body(), comment: "" }),
  adopt: ({ answers }) => {
    given.adopt(answers);
    shows.forEach((show) => show());
  },
  stored: ({ answers }) => given.stored(answers),
  refused: tell,
  status: document.getElementById("save-status"),
});

function trial(buffer, at) {
  const key = `trial_${at + 1}`;
  const n = at + 1;
  const all = page.stimuli.length;
  const group = choices({
    question: all === 1 ? form.dataset.question : `${t("trial", { n, all })}: ${form.dataset.question}`,
    answers: page.choices.map(([, text]) => text), disabled: page.locked, row: true,
    chosen: (chosenAt) => {
      given.set(key, page.choices[chosenAt][0]);
      tell([]);
      saver.changed();
    },
  });
  let heard = false;
  const show = () => {
    const chosenAt = page.choices.findIndex(([value]) => value === given.get(key));
    group.set(chosenAt < 0 ? null : chosenAt);
    group.enable(heard || chosenAt >= 0);
  };
  shows.push(show);
  show();
  const button = element("button", {
    type: "button", className: "play", textContent: t("play"), "aria-label": t("play_sound", { n }),
  });
  button.onclick = async () => {
    await context.resume();
    playing?.stop();
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(output);
    source.onended = () => button.classList.remove("sounding");
    source.start();
    heard = true;
    show();
    playing = source;
    button.classList.add("sounding");
    log.add("play", { trial: n });
  };
  return element("div", { className: "trial" }, button, group.node);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (page.locked) location.assign(page.next);
  else saver.leave();
});

const buffers = await loading(form, context, page.stimuli);
form.replaceChildren(...page.stimuli.map((stimulus, at) => trial(buffers.get(stimulus.id), at)),
  notice, element("div", { className: "leave" },
    element("button", { type: "submit", id: "next", textContent: t("next") })));
form.setAttribute("aria-busy", "false");
preload(page.preload);

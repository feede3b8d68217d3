/**
 * Forms (consent, questionnaire) without a form's weakness: every change is saved at once, what
 * could not be sent waits in this browser, and without this script the form still works.
 */
import { notices } from "../dom.js";
import { Texts } from "../merging.js";
import { Saver } from "../saver.js";

const page = JSON.parse(document.getElementById("page-data").textContent);
const form = document.getElementById("page-form");
const { node: notice, tell } = notices();
const given = new Texts(page.saved?.answers);

function fields() {
  return [...form.elements].filter((field) => field.name && field.type !== "hidden");
}

/** Questions that wait for an answer to an earlier one appear with it, and are asked only then. */
function showAsked() {
  for (const question of form.querySelectorAll("[data-when]")) {
    const asker = form.elements[question.dataset.when];
    const hidden = (asker[0] ?? asker).closest(".question").hidden;
    const given = hidden ? [] : [...fields()]
      .filter(({ name, type, checked }) => name === question.dataset.when && (checked || !["radio", "checkbox"].includes(type)))
      .map(({ value }) => value);
    question.hidden = !JSON.parse(question.dataset.answers).some((answer) => given.includes(answer));
    for (const field of question.querySelectorAll("input, textarea")) {
      if (field.type !== "checkbox") field.required = !question.hidden && "required" in question.dataset;
      field.disabled = question.hidden;
    }
  }
}

function answers() {
  const given = Object.fromEntries(fields().map((field) => [field.name, []]));
  for (const field of fields()) {
    const chosen = field.type !== "checkbox" && field.type !== "radio";
    if (!field.disabled && (chosen || field.checked) && field.value !== "") given[field.name].push(field.value);
  }
  return Object.fromEntries(Object.entries(given).map(([key, values]) => [key, values.join("\n")]));
}

function read() {
  for (const [key, text] of Object.entries(answers())) given.set(key, text);
  return given.body();
}

/** Take over what another tab or an earlier visit answered and this tab did not change. */
function fill(saved) {
  read();
  given.adopt(saved);
  for (const field of fields()) {
    const text = given.get(field.name);
    if (field.type === "checkbox" || field.type === "radio") {
      field.checked = text.split("\n").includes(field.value);
    } else if (field.value !== text) {
      field.value = text;
    }
  }
  showAsked();
}

const saver = new Saver(page, {
  collect: () => ({ ratings: [], answers: read(), comment: "" }),
  adopt: (saved) => fill(saved.answers),
  stored: (state) => given.stored(state.answers),
  refused: tell,
  status: document.getElementById("save-status"),
});

showAsked();
form.querySelector(".leave").before(notice);

if (!page.locked) {
  form.addEventListener("input", (event) => {
    tell([]);
    showAsked();
    saver.changed();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    saver.leave();
  });
}

// Forms (consent, questionnaire) without a form's weakness: every change is saved at once, what
// could not be sent waits in this browser, and without this script the form still works.

const RETRY_MS = [500, 1000, 2000, 5000, 10000];

const data = JSON.parse(document.getElementById("page-data").textContent);
const form = document.getElementById("page-form");
const status = document.getElementById("save-status");
const storageKey = `blindmix:${data.api.page.split("/")[3]}:${data.n}`;

let revision = data.saved?.revision ?? 0;
let acknowledged = revision;
let sending = false;
let leaving = false;
let failures = 0;
let timer = null;

function fields() {
  return [...form.elements].filter((field) => field.name && field.type !== "hidden");
}

function answers() {
  const given = Object.fromEntries(fields().map((field) => [field.name, []]));
  for (const field of fields()) {
    const chosen = field.type !== "checkbox" && field.type !== "radio";
    if ((chosen || field.checked) && field.value !== "") given[field.name].push(field.value);
  }
  return Object.fromEntries(Object.entries(given).map(([key, values]) => [key, values.join("\n")]));
}

function fill(given) {
  for (const field of fields()) {
    if (!(field.name in given)) continue;
    if (field.type === "checkbox" || field.type === "radio") {
      field.checked = given[field.name].split("\n").includes(field.value);
    } else {
      field.value = given[field.name];
    }
  }
}

// Storage may be refused (private windows, full disks): then answers live as long as the page.
function stored(action) {
  try {
    return action(window.localStorage);
  } catch {
    return null;
  }
}

function changed() {
  revision += 1;
  stored((storage) => storage.setItem(storageKey, JSON.stringify({ revision, answers: answers() })));
  failures = 0;
  send();
}

async function send() {
  clearTimeout(timer);
  if (sending || acknowledged >= revision) return;
  sending = true;
  const sent = revision;
  status.textContent = "Saving …";
  try {
    const response = await fetch(data.api.page, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ revision: sent, answers: answers(), complete: leaving }),
      keepalive: true,
    });
    if (response.status >= 500 || response.status === 429) throw new Error(response.statusText);
    took(sent, response.status, await response.json());
  } catch {
    later();
  } finally {
    sending = false;
  }
  if (failures === 0) send();
}

function took(sent, code, answer) {
  failures = 0;
  if (answer.stale) {
    // Another tab was ahead: what stands here now is what the person saw last, so it goes on top.
    revision = Math.max(revision, answer.revision) + 1;
    return;
  }
  acknowledged = Math.max(acknowledged, sent);
  if (code === 409) {
    status.textContent = "This page was finished elsewhere. Please reload it.";
  } else if (code >= 400) {
    leaving = false;
    status.textContent = answer.detail;
  } else if (acknowledged >= revision) {
    stored((storage) => storage.removeItem(storageKey));
    status.textContent = "All answers saved";
    if (answer.complete) window.location.assign(answer.next);
  }
}

function later() {
  const wait = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)];
  failures += 1;
  status.textContent = "Offline: your answers are kept in this browser and will be sent";
  timer = setTimeout(send, wait);
}

function restore() {
  const kept = JSON.parse(stored((storage) => storage.getItem(storageKey)) ?? "null");
  if (kept === null || kept.revision <= acknowledged) return;
  fill(kept.answers);
  revision = kept.revision;
  send();
}

if (!data.locked) {
  restore();
  form.addEventListener("input", changed);
  window.addEventListener("online", send);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    leaving = true;
    changed();
  });
}

/** APE (De Man and Reiss 2014): all stimuli as numbered markers on one axis per attribute. */
import { alongX, draggable, element, steppedBy } from "../dom.js";
import { ratingPage } from "../rating-page.js";
import { t } from "../texts.js";

const ROW_PX = 48;
const ROWS = 3;
const SCALE_PX = 52;
const MOVED_PX = 5;
const MIDDLE = 50;

await ratingPage((room) => {
  const axes = room.page.attributes.map((attribute) => axis(attribute, room));
  return {
    node: element("div", {}, ...axes.map(({ node }) => node)),
    show: () => axes.forEach(({ show }) => show()),
    focus: (id) => (axes.find(({ node }) => node.contains(document.activeElement)) ?? axes[0]).focus(id),
  };
});

function axis({ key, question, labels }, { page, player, ratings, hear, rate }) {
  const field = element("div", { className: "ape-field", dir: "ltr" });
  const hint = element("p", { className: "ape-hint", textContent: t("tray_hint") });
  const heading = element("h2", { id: `axis-${key}`, dir: "auto", textContent: question });
  const box = element("div", { className: "ape", role: "group", "aria-labelledby": heading.id }, field);
  const line = element("div", { className: "ape-line" });
  field.append(line, ...labels.map((label, at) => tick(label, (100 * at) / (labels.length - 1))));
  let dragged = null;
  const markers = new Map(page.stimuli.map((stimulus) => [stimulus.id, marker(stimulus)]));
  field.append(...markers.values());
  addEventListener("resize", show);

  // The way without dragging (WCAG 2.5.7): the mix that plays goes where the scale is pressed.
  field.addEventListener("click", (event) => {
    const onScale = !event.target.closest(".ape-marker")
      && event.clientY < field.getBoundingClientRect().top + scaleEnd();
    const playing = player.playing && markers.has(player.active);
    if (onScale && playing) rate(player.active, key, 100 * alongX(field, event));
  });

  function marker({ id, label }) {
    const made = element("div", {
      className: "ape-marker", textContent: label, role: "slider", tabIndex: 0,
      "aria-label": t("mix", { label }), "aria-valuemin": "0", "aria-valuemax": "100",
    });
    let pressed = null;
    draggable(made, {
      start: (event) => {
        const box = made.getBoundingClientRect();
        pressed = { x: event.clientX, grip: event.clientX - (box.left + box.width / 2), moved: false };
        hear(id);
      },
      move: (event) => {
        if (!pressed.moved && Math.abs(event.clientX - pressed.x) < MOVED_PX) return;
        pressed.moved = true;
        dragged = id;
        const to = { clientX: event.clientX - pressed.grip };
        rate(id, key, 100 * alongX(field, to));
      },
      end: () => {
        dragged = null;
        show();
      },
    });
    made.addEventListener("keydown", (event) => {
      if (event.key === "Enter") return hear(id);
      const from = ratings.score(id, key) ?? MIDDLE;
      const to = steppedBy(event, from, { min: 0, max: 100, step: 1, page: 10 });
      if (to === null) return null;
      event.preventDefault();
      return rate(id, key, to);
    });
    return made;
  }

  function scaleEnd() {
    return Number.parseFloat(field.style.getPropertyValue("--lanes")) + SCALE_PX;
  }

  function show() {
    const width = field.clientWidth;
    const rated = page.stimuli.filter(({ id }) => ratings.score(id, key) !== null);
    const waiting = page.stimuli.filter(({ id }) => ratings.score(id, key) === null);
    const rows = stacked(rated.map(({ id }) => [id, (ratings.score(id, key) / 100) * width]), dragged);
    const lanes = ROW_PX * Math.max(ROWS, ...[...rows.values()].map((row) => row + 1));
    field.style.setProperty("--lanes", `${lanes}px`);
    for (const { id } of rated) {
      const made = markers.get(id);
      made.style.left = `${ratings.score(id, key)}%`;
      made.style.top = `${lanes - ROW_PX * (rows.get(id) + 1)}px`;
      made.style.setProperty("--stem", `${ROW_PX * rows.get(id) + 6}px`);
      // Lower markers lie over the stems of higher ones.
      made.style.zIndex = String(page.stimuli.length - rows.get(id));
    }
    const perRow = Math.max(1, Math.floor(width / ROW_PX));
    waiting.forEach(({ id }, at) => {
      const made = markers.get(id);
      made.style.left = `${((at % perRow) + 0.5) * ROW_PX - 20}px`;
      made.style.top = `${lanes + SCALE_PX + 20 + ROW_PX * Math.floor(at / perRow)}px`;
    });
    // A row stays when all are placed, so that nothing below moves.
    const trays = page.locked ? 0 : Math.max(1, Math.ceil(waiting.length / perRow));
    field.style.height = `${lanes + SCALE_PX + (trays ? 28 + ROW_PX * trays : 0)}px`;
    for (const { id } of page.stimuli) describe(id);
    hint.hidden = page.locked;
  }

  function describe(id) {
    const made = markers.get(id);
    const score = ratings.score(id, key);
    const at = Math.round(((score ?? MIDDLE) / 100) * (labels.length - 1));
    made.classList.toggle("unset", score === null);
    made.classList.toggle("unplayed", ratings.plays(id) === 0);
    made.classList.toggle("active", player.playing && player.active === id);
    made.classList.toggle("dragged", dragged === id);
    made.setAttribute("aria-valuenow", String(Math.round(score ?? MIDDLE)));
    made.setAttribute("aria-valuetext", score === null ? t("not_rated") : t("score_of", { score: Math.round(score), word: labels[at] }));
    if (page.locked) made.setAttribute("aria-disabled", "true");
  }

  return { node: element("section", { className: "attribute" }, heading, hint, box), show, focus: (id) => markers.get(id).focus() };
}

function tick(label, percent) {
  const made = element("span", { className: "ape-tick" }, element("span", { textContent: label }));
  made.style.left = `${percent}%`;
  if (percent === 0) made.classList.add("first");
  if (percent === 100) made.classList.add("last");
  return made;
}

/**
 * Rows for markers that would cover each other; the one that is dragged gives way.
 * @param {[string, number][]} places id and x in pixels @returns {Map<string, number>}
 */
function stacked(places, last) {
  const rows = new Map();
  const ends = [];
  const order = [...places].sort((a, b) => (a[0] === last) - (b[0] === last) || a[1] - b[1]);
  for (const [id, x] of order) {
    let row = 0;
    while ((ends[row] ?? []).some((other) => Math.abs(other - x) < ROW_PX - 4)) row += 1;
    (ends[row] ??= []).push(x);
    rows.set(id, row);
  }
  return rows;
}

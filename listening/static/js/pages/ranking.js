/** Ranking: the stimuli of a page in order, the best at the top. */
import { draggable, element } from "../dom.js";
import { ratingPage } from "../rating-page.js";
import { t } from "../texts.js";

await ratingPage((room) => {
  const parts = room.page.attributes.map((attribute) => ranking(attribute, room));
  return {
    node: element("div", {}, ...parts.map(({ node }) => node)),
    show: () => parts.forEach(({ show }) => show()),
    say: () => "",
  };
}, { missing: "not_ordered" });

function ranking({ key, question }, { page, player, ratings, hear, rateTogether }) {
  const list = element("ol", { className: "ranking" });
  const said = element("p", { className: "visually-hidden", role: "status" });
  const rows = new Map(page.stimuli.map((stimulus) => [stimulus.id, row(stimulus)]));
  const keep = element("button", { type: "button", className: "quiet", textContent: t("keep_order") });
  keep.onclick = () => store(order());
  list.append(...[...rows.values()].map(({ node }) => node));

  /** Ids as they stand, the best first; unranked pages show the order of their letters. */
  function order() {
    const score = (id) => ratings.score(id, key) ?? -1;
    return page.stimuli.map(({ id }) => id).sort((a, b) => score(b) - score(a));
  }

  function store(ids) {
    const top = ids.length - 1;
    rateTogether(key, ids.map((id, at) => [id, (100 * (top - at)) / top]));
  }

  function move(id, to) {
    const ids = order().filter((other) => other !== id);
    const place = Math.min(Math.max(0, to), ids.length);
    ids.splice(place, 0, id);
    store(ids);
    const { label } = page.stimuli.find((stimulus) => stimulus.id === id);
    said.textContent = t("moved_to", { label, place: place + 1, all: ids.length });
  }

  function row({ id, label }) {
    const play = element("button", {
      type: "button", className: "sound", textContent: label,
      "aria-label": t("play_this", { name: t("mix", { label }) }),
    });
    play.onclick = () => hear(id);
    const step = (by, text, sign) => {
      const button = element("button", {
        type: "button", className: "quiet step", textContent: sign, "aria-label": t(text, { label }), disabled: page.locked,
      });
      button.onclick = () => {
        move(id, order().indexOf(id) + by);
        // The row moved in the document, which takes the focus from its buttons.
        button.focus();
      };
      return button;
    };
    const up = step(-1, "move_up", "↑");
    const down = step(1, "move_down", "↓");
    const grip = element("span", { className: "grip", "aria-hidden": "true", textContent: "⠿" });
    const node = element("li", {}, grip, play, element("span", { className: "ranking-name", textContent: t("mix", { label }) }), up, down);
    if (!page.locked) {
      draggable(grip, {
        start: () => node.classList.add("dragged"),
        move: (event) => {
          const others = [...list.children].filter((other) => other !== node);
          const to = others.filter((other) => {
            const box = other.getBoundingClientRect();
            return event.clientY > box.top + box.height / 2;
          }).length;
          if (to !== order().indexOf(id)) move(id, to);
        },
        end: () => node.classList.remove("dragged"),
      });
    }
    return { node, play, up, down };
  }

  /** The others move around a row that is held: moving it would take the pointer from it. */
  function arrange(ids) {
    const nodes = ids.map((id) => rows.get(id).node);
    if (nodes.every((node, at) => list.children[at] === node)) return;
    const held = nodes.findIndex((node) => node.classList.contains("dragged"));
    nodes.forEach((node, at) => {
      if (at < held) list.insertBefore(node, nodes[held]);
      else if (at !== held) list.append(node);
    });
  }

  function show() {
    const ids = order();
    arrange(ids);
    const ranked = ids.every((id) => ratings.score(id, key) !== null);
    ids.forEach((id, at) => {
      const { play, up, down } = rows.get(id);
      play.setAttribute("aria-pressed", String(player.playing && player.active === id));
      play.classList.toggle("unplayed", ratings.plays(id) === 0);
      up.setAttribute("aria-disabled", String(at === 0));
      down.setAttribute("aria-disabled", String(at === ids.length - 1));
    });
    list.classList.toggle("unset", !ranked);
    keep.hidden = ranked || page.locked;
  }

  return {
    node: element("section", {}, element("h2", { dir: "auto", textContent: question }),
      element("p", { className: "hint", textContent: t("best_first") }), list, keep, said),
    show,
  };
}

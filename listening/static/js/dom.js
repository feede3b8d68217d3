/** Small helpers to make elements and follow pointers. */

/**
 * Make an element.
 * @param {string} name @param {object} properties  names with "-" and "role" become attributes
 * @param {...(Node|string)} children @returns {HTMLElement}
 */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

/**
 * What keeps a participant on a page, said to screen readers as well.
 * @returns {{node: HTMLElement, tell: (sentences: string[]) => void}}
 */
export function notices() {
  const node = element("div", { role: "alert", className: "notice", hidden: true });
  const tell = (sentences) => {
    node.replaceChildren(...sentences.map((sentence) => element("p", { textContent: sentence })));
    node.hidden = sentences.length === 0;
  };
  return { node, tell };
}

/**
 * Follow the pointer from its press on `target` until its release, mouse, pen and finger alike.
 * @param {HTMLElement} target
 * @param {{start?: (event: PointerEvent) => void, move?: (event: PointerEvent) => void,
 *          end?: (event: PointerEvent) => void}} handlers
 */
export function draggable(target, { start, move, end }) {
  let pointer = null;
  target.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || pointer !== null) return;
    pointer = event.pointerId;
    target.setPointerCapture(pointer);
    start?.(event);
  });
  target.addEventListener("pointermove", (event) => {
    if (event.pointerId === pointer) move?.(event);
  });
  const release = (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    end?.(event);
  };
  target.addEventListener("pointerup", release);
  target.addEventListener("pointercancel", release);
}

/** Where the pointer is along an element: 0 at its left, 1 at its right. */
export function alongX(target, event) {
  const box = target.getBoundingClientRect();
  return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
}

/** What an arrow, page, home or end key does to a value on a slider; null for other keys. */
export function steppedBy(event, value, { min, max, step, page }) {
  const by = event.shiftKey ? page : step;
  const to = {
    ArrowLeft: value - by, ArrowDown: value - by, ArrowRight: value + by, ArrowUp: value + by,
    PageDown: value - page, PageUp: value + page, Home: min, End: max,
  }[event.key];
  return to === undefined ? null : Math.min(max, Math.max(min, to));
}

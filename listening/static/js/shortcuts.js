/** Single keys that control the player, and the panel that explains them and turns them off. */
import { element } from "./dom.js";
import { t } from "./texts.js";

const STORAGE_KEY = "blindmix:shortcuts";
const TYPING = "input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select";
const PRESSABLE = "button, a, summary, input[type=checkbox], input[type=radio]";

function enabled() {
  try {
    return localStorage.getItem(STORAGE_KEY) !== "off";
  } catch {
    return true;
  }
}

function enable(on) {
  try {
    localStorage.setItem(STORAGE_KEY, on ? "on" : "off");
  } catch {
    // Without storage the choice cannot outlive the page.
  }
}

/**
 * @param {Map<string, {action: () => void, text: string, show?: string}>} actions by key;
 *   `show` is what the panel prints, "" keeps a key out of it.
 * @returns {HTMLElement} the panel
 */
export function shortcuts(actions) {
  const use = element("input", { type: "checkbox", checked: enabled(), role: "switch" });
  use.onchange = () => enable(use.checked);
  document.addEventListener("keydown", (event) => {
    if (!use.checked || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest(TYPING)) return;
    if (event.key === " " && event.target.closest(PRESSABLE)) return;
    const found = actions.get(event.key.toLowerCase());
    if (!found || event.defaultPrevented) return;
    event.preventDefault();
    found.action();
  });
  const shown = [...actions].filter(([, { show }]) => show !== "");
  const rows = shown.flatMap(([key, { text, show }]) => [
    element("dt", {}, element("kbd", { textContent: show ?? key.toUpperCase() })),
    element("dd", { textContent: text }),
  ]);
  rows.push(
    element("dt", {}, element("kbd", { textContent: "← → ↑ ↓" })),
    element("dd", { textContent: t("shortcut_rate") }),
  );
  return element("details", { className: "shortcuts" },
    element("summary", { textContent: t("shortcuts") }),
    element("dl", {}, ...rows),
    element("label", {}, use, t("use_shortcuts")));
}

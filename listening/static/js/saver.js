/**
 * Saves the whole state of a page after each change, and keeps what could not be sent.
 *
 * One request at a time; changes meanwhile go with the next one. A state waits in this browser's
 * storage, under a key of its own per tab, until the server said that it is on disk. A tab that
 * finds another one ahead takes over what that one saved (the page says how) and saves on top.
 */
import { t } from "./texts.js";

const RETRY_MS = [500, 1000, 2000, 5000, 10000];
const TIMEOUT_MS = 15000;
const KEEPALIVE_BYTES = 50000;
/** A slider that is dragged changes sixty times a second; the server hears of it so often. */
const PAUSE_MS = 150;

/** Storage may be refused (private windows, full disks): then answers live as long as the page. */
function stored(action) {
  try {
    return action(window.localStorage) ?? true;
  } catch {
    return null;
  }
}

export class Saver {
  /**
   * @param {object} page the page's data
   * @param {{collect: () => object, adopt: (saved: object) => void,
   *          stored?: (state: object) => void, refused?: (sentences: string[]) => void,
   *          status: HTMLElement}} hooks
   *   collect gives the page's state, adopt merges a state of another tab or an earlier visit,
   *   stored is told the state that the server has now.
   */
  constructor(page, { collect, adopt, stored: taken, refused, status }) {
    Object.assign(this, { page, collect, adopt, taken, refused, status });
    this.prefix = `blindmix:${page.api.page.split("/")[3]}:${page.n}:`;
    this.tab = Math.random().toString(36).slice(2);
    this.key = this.prefix + this.tab;
    this.inherited = [];
    this.revision = page.saved?.revision ?? 0;
    this.acknowledged = this.revision;
    /** The newest state of the server's that this tab took into account. */
    this.base = this.revision;
    this.leaving = false;
    this.finished = false;
    this.sending = false;
    this.failures = 0;
    this.notBefore = 0;
    this.going = false;
    if (page.locked) return;
    this.restore();
    addEventListener("online", () => this.send());
    addEventListener("pagehide", () => {
      this.going = true;
      this.sendLast();
    });
    addEventListener("beforeunload", (event) => {
      if (this.unsaved && !this.kept) event.preventDefault();
    });
  }

  get unsaved() {
    return this.acknowledged < this.revision;
  }

  /** The state of the page changed: keep it and send it. */
  changed() {
    if (this.page.locked || this.finished) return;
    this.revision += 1;
    const state = JSON.stringify(this.state());
    this.kept = stored((storage) => storage.setItem(this.key, state)) !== null;
    this.failures = 0;
    if (this.going) this.sendLast();
    else this.send();
  }

  /** Save, and go to the next page as soon as that is on disk. */
  leave() {
    this.leaving = true;
    this.changed();
  }

  async send() {
    clearTimeout(this.timer);
    if (this.sending || !this.unsaved) return;
    const wait = this.leaving ? 0 : this.notBefore - performance.now();
    if (wait > 0) {
      this.timer = setTimeout(() => this.send(), wait);
      return;
    }
    this.sending = true;
    const state = this.state();
    this.say(t("saving"));
    try {
      const response = await this.put(state);
      if (response.status >= 500 || response.status === 429) throw new Error(response.statusText);
      this.took(state, response.status, await response.json());
      this.failures = 0;
    } catch {
      this.later();
    } finally {
      this.sending = false;
      this.notBefore = performance.now() + PAUSE_MS;
    }
    if (this.failures === 0) this.send();
  }

  /** The page is being left: what is not acknowledged goes now, whatever the answer. */
  sendLast() {
    if (this.unsaved && !this.finished) this.put(this.state()).catch(() => null);
  }

  state() {
    return {
      ...this.collect(), revision: this.revision, base: this.base, tab: this.tab, complete: this.leaving,
    };
  }

  put(state) {
    const body = JSON.stringify(state);
    return fetch(this.page.api.page, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body,
      keepalive: body.length < KEEPALIVE_BYTES,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }

  took(state, code, answer) {
    if (answer.stale) {
      this.adopt(answer.saved);
      this.base = answer.revision;
      this.revision = Math.max(this.revision, answer.revision) + 1;
      return;
    }
    this.acknowledged = Math.max(this.acknowledged, state.revision);
    if (code === 200 || code === 422) {
      this.base = state.revision;
      this.taken?.(state);
    }
    if (code === 409) {
      this.say(t("finished_elsewhere"), t("reload"));
    } else if (code === 422) {
      this.leaving = false;
      this.refused?.(answer.gaps);
      this.say("");
    } else if (code >= 400) {
      this.leaving = false;
      this.say(answer.detail);
    } else if (answer.complete) {
      // What changed since the button was pressed, as the time of listening does, comes too late.
      this.acknowledged = this.revision;
      this.finished = true;
      this.forget();
      this.say(t("saved"));
      if (answer.next) window.location.assign(answer.next);
    } else if (!this.unsaved) {
      this.forget();
      this.say(t("saved"));
    }
  }

  later() {
    const wait = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)];
    this.failures += 1;
    this.say(this.kept ? t("offline") : t("offline_unkept"));
    this.status.classList.add("waiting");
    this.timer = setTimeout(() => this.send(), wait);
  }

  /** Take over what other tabs and earlier visits of this page could not send. */
  restore() {
    const found = stored((storage) => Object.entries({ ...storage })) ?? [];
    this.inherited = found.filter(([key]) => key.startsWith(this.prefix));
    if (this.inherited.length === 0) return;
    for (const [, state] of this.inherited) {
      try {
        const kept = JSON.parse(state);
        this.adopt(kept);
        this.leaving ||= kept.complete;
      } catch (error) {
        console.error(error); // What was damaged must not keep the page from being used.
      }
    }
    // The page that constructs the saver is whole only after this task.
    queueMicrotask(() => this.changed());
  }

  forget() {
    for (const [key, state] of this.inherited) {
      stored((storage) => storage.getItem(key) === state && storage.removeItem(key));
    }
    this.inherited = [];
    stored((storage) => storage.removeItem(this.key));
  }

  say(text, link = "") {
    this.status.textContent = text;
    this.status.classList.remove("waiting");
    if (!link) return;
    const anchor = document.createElement("a");
    anchor.href = this.page.api.page.replace(/^\/api(\/p\/[^/]+)\/.*$/, "$1");
    anchor.textContent = link;
    this.status.append(" ", anchor);
  }
}

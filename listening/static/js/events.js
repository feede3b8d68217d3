/**
 * Reports what happens on a page, in batches; ratings never wait for it.
 *
 * A batch stays here until the server has it, so what happens without a network arrives later. The
 * server takes an event that comes twice once.
 */

const FLUSH_MS = 5000;
/** So many are far below the 64 KiB that a browser sends for a page that is being left. */
const BATCH = 150;
const MOST_WAITING = 5000;
/** A slider that is dragged reports at most so often, and where it came to rest. */
const MOVES_MS = 200;

/** Seconds to the millisecond, as the times of events are. */
const rounded = (data) => Object.fromEntries(Object.entries(data).map(
  ([key, value]) => [key, key.endsWith("_s") && typeof value === "number" ? Number(value.toFixed(3)) : value],
));

export class EventLog {
  /** @param {object} page the page's data */
  constructor(page) {
    this.page = page;
    this.waiting = [];
    this.sending = 0;
    setInterval(() => this.flush(), FLUSH_MS);
    addEventListener("online", () => this.flush());
    addEventListener("pagehide", () => this.flushAll());
    document.addEventListener("visibilitychange", () => {
      this.add("visibility", { state: document.visibilityState });
      if (document.visibilityState === "hidden") this.flushAll();
    });
  }

  /** @param {string} name @param {object} data */
  add(name, data = {}) {
    if (this.waiting.length >= MOST_WAITING) return;
    this.waiting.push({ at: new Date().toISOString(), page: this.page.n, name, data: rounded(data) });
  }

  /** As `add`, for what changes many times a second. @param {object} data with its `stimulus` */
  addMove(name, data) {
    const [before, last] = this.waiting.slice(this.sending).slice(-2);
    const same = (event) => event?.name === name && event.data.stimulus === data.stimulus
      && event.data.attribute === data.attribute;
    if (same(before) && same(last) && Date.parse(last.at) - Date.parse(before.at) < MOVES_MS) {
      this.waiting.pop();
    }
    this.add(name, data);
  }

  /** Send a batch, and the next one once the server has it. */
  async flush() {
    if (this.sending || this.waiting.length === 0) return;
    const batch = this.waiting.slice(0, BATCH);
    this.sending = batch.length;
    let gone = false;
    try {
      const answer = await fetch(this.page.api.events, {
        method: "POST", body: JSON.stringify({ events: batch }), keepalive: true,
      });
      // What the server refuses it would refuse again.
      gone = answer.status < 500 && answer.status !== 429;
    } catch {
      // Tried again with the next batch.
    }
    this.waiting = this.waiting.slice(gone ? batch.length : 0);
    this.sending = 0;
    if (gone) this.flush();
  }

  /** All at once, as the page may never be back. */
  flushAll() {
    for (let at = 0; at < this.waiting.length; at += BATCH) {
      const body = JSON.stringify({ events: this.waiting.slice(at, at + BATCH) });
      if (!navigator.sendBeacon(this.page.api.events, body)) return;
    }
  }
}

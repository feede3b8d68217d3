/** Reports what happens on a page, in batches; best effort, ratings never wait for it. */

const FLUSH_MS = 5000;

export class EventLog {
  /** @param {object} page the page's data */
  constructor(page) {
    this.page = page;
    this.waiting = [];
    setInterval(() => this.flush(), FLUSH_MS);
    addEventListener("pagehide", () => this.flush());
    document.addEventListener("visibilitychange", () => {
      this.add("visibility", { state: document.visibilityState });
      if (document.visibilityState === "hidden") this.flush();
    });
  }

  /** @param {string} name @param {object} data */
  add(name, data = {}) {
    this.waiting.push({ at: new Date().toISOString(), page: this.page.n, name, data });
  }

  flush() {
    if (this.waiting.length === 0) return;
    const events = this.waiting.splice(0, 500);
    const body = JSON.stringify({ events });
    if (!navigator.sendBeacon(this.page.api.events, body)) this.waiting.unshift(...events);
  }
}

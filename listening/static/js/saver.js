/** Saves the page's whole state at once and keeps what could not be sent in this browser. */
export class Saver {
  constructor(page, status) {
    this.page = page;
    this.status = status;
    this.key = "blindmix:" + page.api.page.split("/")[3] + ":" + page.n;
    const kept = JSON.parse(localStorage.getItem(this.key) ?? "null");
    this.state = (kept?.revision ?? -1) > (page.saved?.revision ?? -1) ? kept : page.saved;
    this.revision = this.state?.revision ?? 0;
    addEventListener("online", () => this.send());
    if (kept && this.state === kept) this.send();
  }

  /** Keep a new state, then send it. */
  save(state) {
    this.revision += 1;
    this.state = { ...state, revision: this.revision };
    localStorage.setItem(this.key, JSON.stringify(this.state));
    return this.send();
  }

  /** Send the newest state; one request at a time. @returns {Promise<object|null>} */
  send() {
    this.last = (this.last ?? Promise.resolve()).then(() => this.put());
    return this.last;
  }

  async put(wait = 1000) {
    const state = this.state;
    try {
      const answer = await fetch(this.page.api.page, {
        method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify(state),
      });
      const body = await answer.json();
      if (answer.ok) {
        if (this.state === state) localStorage.removeItem(this.key);
        this.status.textContent = "All answers saved";
        if (body.complete && body.next) location.assign(body.next);
        return body;
      }
      if (answer.status < 500 && answer.status !== 429) {
        this.status.textContent = body.detail ?? body.title;
        return null;
      }
    } catch { /* no network: kept, and sent again below */ }
    this.status.textContent = "Offline: your answers are kept in this browser and will be sent";
    setTimeout(() => this.state === state && this.put(Math.min(wait * 2, 30000)), wait);
    return null;
  }
}

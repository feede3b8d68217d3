/** Texts of a page that two tabs may change: a tab takes over what only the other one changed. */

export class Texts {
  /** @param {Object<string, string>} saved what the server has */
  constructor(saved = {}) {
    this.mine = new Map(Object.entries(saved));
    this.known = new Map(this.mine);
  }

  get(key) {
    return this.mine.get(key) ?? "";
  }

  set(key, text) {
    this.mine.set(key, text);
  }

  /** The server has these now. */
  stored(texts) {
    this.known = new Map(Object.entries(texts));
  }

  /** Another tab or an earlier visit says so. */
  adopt(texts) {
    for (const [key, text] of Object.entries(texts)) {
      if (this.get(key) === (this.known.get(key) ?? "")) this.mine.set(key, text);
      this.known.set(key, text);
    }
  }

  body() {
    return Object.fromEntries(this.mine);
  }
}

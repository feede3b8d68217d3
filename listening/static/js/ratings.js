/** The ratings of a page, without DOM: scores, what was heard, and what is still missing. */
import { Texts } from "./merging.js";
import { t } from "./texts.js";

export class Ratings {
  /**
   * @param {object} page the page's data
   * @param {Map<string, {plays: number, listenedMs: number}>} heard on this visit of the page
   * @param {string} missing key of the sentence where stimuli are not rated yet
   */
  constructor(page, heard, missing = "not_rated_yet") {
    this.page = page;
    this.heard = heard;
    this.missing = missing;
    this.remarks = new Texts();
    this.comments = new Texts();
    this.scores = new Map();
    this.before = new Map(page.stimuli.map(({ id }) => [id, { plays: 0, listenedMs: 0 }]));
    if (page.saved) this.adopt(page.saved);
  }

  /** @returns {number|null} 0 to 100; null where it is not rated */
  score(stimulus, attribute) {
    return this.scores.get(`${attribute} ${stimulus}`)?.score ?? null;
  }

  rate(stimulus, attribute, score) {
    const key = `${attribute} ${stimulus}`;
    // Later than the one it replaces, also where the clock was set back: of two the newer stays.
    const before = this.scores.get(key);
    const after = before ? Date.parse(before.ratedAt) + 1 : 0;
    const ratedAt = new Date(Math.max(Date.now(), after)).toISOString();
    this.scores.set(key, { score: Math.round(score * 10) / 10, ratedAt });
  }

  plays(stimulus) {
    return this.before.get(stimulus).plays + (this.heard.get(stimulus)?.plays ?? 0);
  }

  listenedMs(stimulus) {
    return Math.round(this.before.get(stimulus).listenedMs + (this.heard.get(stimulus)?.listenedMs ?? 0));
  }

  /** Merge a saved state: of each rating the newer stays, of what was heard the longer. */
  adopt(saved) {
    for (const { stimulus, attribute, score, rated_at: ratedAt, plays, listened_ms: listenedMs } of saved.ratings) {
      const mine = this.scores.get(`${attribute} ${stimulus}`);
      if (score !== null && (!mine || Date.parse(ratedAt) > Date.parse(mine.ratedAt))) {
        this.scores.set(`${attribute} ${stimulus}`, { score, ratedAt });
      }
      const before = this.before.get(stimulus);
      before.plays += Math.max(0, plays - this.plays(stimulus));
      before.listenedMs += Math.max(0, listenedMs - this.listenedMs(stimulus));
    }
    this.comments.adopt({ page: saved.comment });
    this.remarks.adopt(saved.answers);
  }

  /** @param {object} body that the server has now */
  stored(body) {
    this.comments.stored({ page: body.comment });
    this.remarks.stored(body.answers);
  }

  /** What the server stores. */
  body() {
    const ratings = this.page.attributes.flatMap(({ key }) => this.page.stimuli.map(({ id }) => ({
      stimulus: id,
      attribute: key,
      score: this.score(id, key),
      rated_at: this.scores.get(`${key} ${id}`)?.ratedAt ?? null,
      listened_ms: this.listenedMs(id),
      plays: this.plays(id),
    })));
    return { ratings, answers: this.remarks.body(), comment: this.comments.get("page") };
  }

  /** What is missing before the page can be left, as sentences; the server checks the same. */
  gaps() {
    const { options, stimuli, attributes } = this.page;
    const labels = (missing) => stimuli.filter(missing).map(({ label }) => label).join(", ");
    const unplayed = labels(({ id }) => this.plays(id) < 1);
    const unrated = labels(({ id }) => attributes.some(({ key }) => this.score(id, key) === null));
    const short = labels(({ id }) => this.plays(id) > 0
      && this.listenedMs(id) < 1000 * options.min_listened_s);
    return [
      ...(options.must_play_all && unplayed ? [t("not_played", { labels: unplayed })] : []),
      ...(options.must_rate_all && unrated ? [t(this.missing, { labels: unrated })] : []),
      ...(short ? [t("listen_longer", { seconds: options.min_listened_s, labels: short })] : []),
    ];
  }
}

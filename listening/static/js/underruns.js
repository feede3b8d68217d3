/**
 * Notice that sound had gaps: where the audio thread came too late, the clock of its context falls
 * behind the clock on the wall, and stays behind.
 */

const SAMPLE_MS = 50;
const WINDOW = 20;
/** Contexts advance in jumps of a buffer; only what outlasts a window is a gap. */
const SMALLEST_MS = 10;

/** Follows how far a context is behind the wall. */
export class Lag {
  constructor() {
    this.start();
  }

  /** Begin anew, as after a pause. */
  start() {
    this.floor = null;
    this.lowest = Infinity;
    this.count = 0;
  }

  /** @returns {number} the milliseconds that were lost since the last window, at its end; else 0 */
  add(wallMs, contextMs) {
    this.lowest = Math.min(this.lowest, wallMs - contextMs);
    this.count += 1;
    if (this.count < WINDOW) return 0;
    const lost = this.floor === null ? 0 : this.lowest - this.floor;
    [this.floor, this.lowest, this.count] = [this.lowest, Infinity, 0];
    return lost >= SMALLEST_MS ? Math.round(lost) : 0;
  }
}

/**
 * @param {import("./player.js").Player} player
 * @param {(lostMs: number) => void} report
 */
export function watchUnderruns(player, report) {
  const lag = new Lag();
  let followed = null;
  setInterval(() => {
    const { context } = player;
    const sounding = player.playing && context.state === "running" && !document.hidden;
    if (!sounding || context !== followed) lag.start();
    followed = context;
    const lost = sounding ? lag.add(performance.now(), 1000 * context.currentTime) : 0;
    if (lost) report(lost);
  }, SAMPLE_MS);
}

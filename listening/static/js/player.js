/** The audio engine, without DOM: all stimuli run in step, one is heard. */
export const RAMP_S = 0.005;

export class Player {
  /** @param {BaseAudioContext} context @param {Map<string, AudioBuffer>} buffers */
  constructor(context, buffers) {
    this.context = context;
    this.buffers = buffers;
    this.active = null;
    this.running = null;
    this.counts = new Map([...buffers.keys()].map((id) => [id, { plays: 0, listenedMs: 0 }]));
  }

  /** Start every stimulus at one instant, or switch to `id` while they run. @param {string} id */
  play(id) {
    if (!this.running) this.running = this.startAll();
    else if (id === this.active) return;
    this.settle();
    if (this.active) this.ramp(this.active, 0);
    this.ramp(id, 1);
    this.active = id;
    this.heardFrom = Math.max(this.context.currentTime, this.startsAt);
    this.counts.get(id).plays += 1;
  }

  /** Stop all; sources are one-shot, so the next play makes new ones. */
  stop() {
    this.settle();
    for (const { source } of this.running?.values() ?? []) source.stop();
    this.running = null;
    this.active = null;
  }

  /** Book the time heard since the last change to the stimulus that was heard. */
  settle() {
    if (!this.active) return;
    const now = this.context.currentTime;
    this.counts.get(this.active).listenedMs += Math.max(0, now - this.heardFrom) * 1000;
    this.heardFrom = Math.max(now, this.startsAt);
  }

  startAll() {
    this.startsAt = this.context.currentTime + 0.05;
    return new Map([...this.buffers].map(([id, buffer]) => {
      const source = new AudioBufferSourceNode(this.context, { buffer, loop: true });
      const gain = new GainNode(this.context, { gain: 0 });
      source.connect(gain).connect(this.context.destination);
      source.start(this.startsAt);
      return [id, { source, gain }];
    }));
  }

  /** Equal-gain linear ramp: mixes of the same tracks are correlated. */
  ramp(id, target) {
    const { gain } = this.running.get(id).gain;
    const now = this.context.currentTime;
    gain.cancelScheduledValues(now);
    gain.setValueAtTime(gain.value, now);
    gain.linearRampToValueAtTime(target, now + RAMP_S);
  }
}

/** Fetch and decode the page's stimuli at their own rate. @returns {Promise<Player>} */
export async function load(stimuli, sampleRate) {
  const context = new AudioContext({ sampleRate });
  const buffers = await Promise.all(stimuli.map(async ({ id, url }) => {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`The sound could not be loaded (${answer.status}).`);
    return [id, await context.decodeAudioData(await answer.arrayBuffer())];
  }));
  return new Player(context, new Map(buffers));
}

/**
 * The audio engine, without DOM: every stimulus runs in step, one is heard.
 *
 * All sources of a start share one start time and one offset, whole frames both, so they cannot
 * drift apart. Nothing that was scheduled is ever cancelled: each change is scheduled after the
 * last one ended, so that every ramp is whole and no sample jumps.
 */

/** Length of the linear equal-gain ramps: mixes of the same tracks are correlated. */
export const RAMP_S = 0.005;
/** How far ahead changes are scheduled; the audio thread must hear of them in time. */
export const LEAD_S = 0.02;
/** … at most, on devices that are slow to start many sounds. */
const MOST_LEAD_S = 0.32;
/** The shortest loop (BS.1534-3). */
export const MIN_LOOP_S = 0.5;

/**
 * Fires "change" whenever it plays, pauses, switches, seeks or loops otherwise, and "late" where a
 * start took too long to be in step and was made again.
 */
export class Player extends EventTarget {
  /**
   * @param {BaseAudioContext} context
   * @param {Map<string, AudioBuffer>} buffers  of one length and rate, by stimulus
   * @param {{loop?: boolean, restartOnSwitch?: boolean}} options
   */
  constructor(context, buffers, { loop = true, restartOnSwitch = false } = {}) {
    super();
    this.buffers = buffers;
    this.loop = loop;
    this.restartOnSwitch = restartOnSwitch;
    const [first] = buffers.values();
    this.sampleRate = first.sampleRate;
    this.durationS = Math.min(...[...buffers.values()].map((buffer) => buffer.duration));
    this.region = { start: 0, end: this.durationS };
    this.active = null;
    this.running = null;
    this.pausedAtS = 0;
    this.counts = new Map([...buffers.keys()].map((id) => [id, { plays: 0, listenedMs: 0 }]));
    this.volume = 1;
    this.dip = null;
    this.leadS = LEAD_S;
    this.useContext(context);
  }

  get playing() {
    return this.running !== null;
  }

  get positionS() {
    return this.running ? this.positionAt(this.context.currentTime) : this.pausedAtS;
  }

  /** Play through another context, where the first one was lost with its device. */
  useContext(context) {
    this.running = null;
    this.busyUntil = 0;
    if (this.context !== context) this.context?.close?.().catch(() => null);
    this.context = context;
    this.output = new GainNode(context, { gain: this.volume });
    this.output.connect(context.destination);
  }

  /** Start all at the present position and hear `id`, or switch to it while they run. */
  play(id) {
    const again = id === this.active;
    if (!this.running) {
      this.begin(id, this.pausedAtS);
    } else if (again) {
      return;
    } else if (this.restartOnSwitch) {
      this.begin(id, this.region.start);
    } else {
      const at = this.nextFree();
      this.settle(at);
      ramp(this.running.lanes.get(this.active).gain.gain, 1, 0, at);
      ramp(this.running.lanes.get(id).gain.gain, 0, 1, at);
      this.active = id;
    }
    this.counts.get(id).plays += 1;
    this.changed();
  }

  /** Fade out and stop; the position stays. */
  pause() {
    if (!this.running) return;
    const at = this.nextFree();
    this.pausedAtS = this.positionAt(at);
    this.settle(at);
    this.end(at);
    this.changed();
  }

  /** Go on from another position, inside the loop. */
  seek(positionS) {
    const to = this.frames(Math.min(Math.max(positionS, this.region.start), this.region.end - RAMP_S));
    if (this.running) this.begin(this.active, to);
    else this.pausedAtS = to;
    this.changed();
  }

  /** Loop a part, at least half a second of it; the position is kept where it lies inside. */
  setRegion(startS, endS) {
    const shortest = Math.min(MIN_LOOP_S, this.durationS);
    const start = this.frames(Math.min(Math.max(0, startS), this.durationS - shortest));
    const end = this.frames(Math.min(Math.max(endS, start + shortest), this.durationS));
    const position = this.positionS;
    this.region = { start, end };
    this.dip = null;
    const inside = position >= start && position < end - RAMP_S;
    this.seek(inside ? position : start);
  }

  /** @param {number} gain 0 to 1 */
  setVolume(gain) {
    this.volume = gain;
    this.output.gain.setTargetAtTime(gain, this.context.currentTime, RAMP_S);
  }

  /** Book what was heard until a context time. */
  settle(until = this.context.currentTime) {
    if (!this.running || until <= this.heardFrom) return;
    this.counts.get(this.active).listenedMs += (until - this.heardFrom) * 1000;
    this.heardFrom = until;
  }

  positionAt(time) {
    const { offset, startsAt } = this.running;
    const { start, end } = this.region;
    const reached = offset + Math.max(0, time - startsAt);
    if (reached < end) return reached;
    return this.loop ? start + ((reached - end) % (end - start)) : end;
  }

  /** Start all sources at one instant from one offset; what ran before fades out meanwhile. */
  begin(id, offset) {
    this.dip ??= this.envelope();
    const at = this.nextFree();
    if (this.running) {
      this.settle(at);
      this.end(at);
    }
    const { start, end } = this.region;
    const from = this.frames(offset >= start && offset < end - RAMP_S ? offset : start);
    const bus = new GainNode(this.context, { gain: 0 });
    const seam = new GainNode(this.context, { gain: 0 });
    bus.connect(seam).connect(this.output);
    const sources = [this.source(this.dip, at, from)];
    sources[0].connect(seam.gain);
    const lanes = new Map();
    for (const [stimulus, buffer] of this.buffers) {
      const source = this.source(buffer, at, from);
      const gain = new GainNode(this.context, { gain: stimulus === id ? 1 : 0 });
      source.connect(gain).connect(bus);
      sources.push(source);
      lanes.set(stimulus, { gain });
    }
    ramp(bus.gain, 0, 1, at);
    const generation = { sources, lanes, bus, offset: from, startsAt: at };
    sources[0].addEventListener("ended", () => this.ended(generation));
    this.running = generation;
    this.active = id;
    this.heardFrom = at;
    if (this.context.currentTime > at && this.leadS < MOST_LEAD_S) {
      // The instant passed before all had heard of it: they may be out of step.
      this.leadS *= 2;
      this.dispatchEvent(new Event("late"));
      this.begin(id, offset);
    }
  }

  /** Let go of the sounds: nothing can be heard any more. */
  release() {
    this.context.close().catch(() => null);
    this.running?.sources.forEach(forget);
    this.running = null;
    this.dip = null;
    discard([...this.buffers.values()]);
    this.buffers.clear();
  }

  source(buffer, at, offset) {
    const { start, end } = this.region;
    const source = new AudioBufferSourceNode(this.context, {
      buffer, loop: this.loop, loopStart: start, loopEnd: end,
    });
    source.addEventListener("ended", () => forget(source));
    if (this.loop) source.start(at, offset);
    else source.start(at, offset, end - offset);
    return source;
  }

  /**
   * A gain curve as long as the stimuli that dips where the loop closes, raised cosine 5 ms each
   * way (BS.1534-3). It is looped like a stimulus, so it is in step with them by construction.
   */
  envelope() {
    const frames = Math.round(this.durationS * this.sampleRate);
    const buffer = new AudioBuffer({ length: frames, numberOfChannels: 1, sampleRate: this.sampleRate });
    const curve = buffer.getChannelData(0).fill(1);
    const first = Math.round(this.region.start * this.sampleRate);
    const last = Math.min(frames, Math.round(this.region.end * this.sampleRate)) - 1;
    const fade = Math.round(RAMP_S * this.sampleRate);
    for (let i = 0; i < fade; i += 1) {
      const gain = 0.5 - 0.5 * Math.cos((Math.PI * i) / fade);
      curve[first + i] = gain;
      curve[last - i] = gain;
    }
    return buffer;
  }

  end(at) {
    const { bus, sources } = this.running;
    ramp(bus.gain, 1, 0, at);
    for (const source of sources) source.stop(at + RAMP_S);
    this.running = null;
  }

  /** Without a loop the passage ends by itself; the next play starts it again. */
  ended(generation) {
    if (generation !== this.running || this.loop) return;
    this.settle();
    this.running = null;
    this.pausedAtS = this.region.start;
    this.changed();
  }

  /** The first whole frame at which a new ramp may begin. */
  nextFree() {
    const at = this.frames(Math.max(this.context.currentTime + this.leadS, this.busyUntil), Math.ceil);
    this.busyUntil = at + RAMP_S;
    return at;
  }

  frames(seconds, rounded = Math.round) {
    return rounded(seconds * this.sampleRate) / this.sampleRate;
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/** A source that is over holds its sound until it is collected, unless it is taken from it. */
function forget(source) {
  source.disconnect();
  source.buffer = null;
}

/**
 * Free the samples now. A browser collects them some time after the next page began to fill its own
 * 250 MB; what is sent to a port that nobody listens to is gone at once.
 */
function discard(buffers) {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  try {
    for (const buffer of buffers) {
      for (let c = 0; c < buffer.numberOfChannels; c += 1) {
        const { buffer: samples } = buffer.getChannelData(c);
        port1.postMessage(samples, [samples]);
      }
    }
  } catch {
    // A browser that does not let go of them collects them later.
  }
  port1.close();
}

function ramp(parameter, from, to, at) {
  parameter.setValueAtTime(from, at);
  parameter.linearRampToValueAtTime(to, at + RAMP_S);
}

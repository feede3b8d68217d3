/**
 * Read a WAV file into an AudioBuffer while it arrives.
 *
 * A browser's own decoder wants the whole file at once, and keeps it for a while: twelve minutes of
 * sound are 130 MB beside the 250 MB that they take decoded. Here a small piece is reused instead.
 */

const HEADER = 44;
const PIECE = 2 ** 18;

/**
 * @param {Response} answer whose body is a WAV file as the server writes it: 44 bytes, then samples
 * @param {number} sampleRateHz of the context that plays it
 * @returns {Promise<AudioBuffer|null>} the sound; null for what needs the browser's decoder: a file
 *   that has to be resampled or holds other samples than 16-bit PCM, a browser without such streams
 */
export async function readWav(answer, sampleRateHz) {
  const pieces = opened(answer.body);
  if (pieces === null) return null;
  const head = await pieces.next(HEADER);
  const format = parsed(head);
  if (format === null || format.sampleRateHz !== sampleRateHz) {
    await pieces.cancel();
    return null;
  }
  const { channels, frames } = format;
  const made = new AudioBuffer({ length: frames, numberOfChannels: channels, sampleRate: sampleRateHz });
  const lines = Array.from({ length: channels }, (_, c) => made.getChannelData(c));
  for (let frame = 0; frame < frames;) {
    const wanted = Math.min(PIECE, 2 * channels * (frames - frame));
    const bytes = await pieces.next(wanted);
    const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
    const count = samples.length / channels;
    for (let c = 0; c < channels; c += 1) {
      const line = lines[c];
      for (let i = 0, at = c; i < count; i += 1, at += channels) line[frame + i] = samples[at] / 32768;
    }
    frame += count;
  }
  await pieces.finish();
  return made;
}

function parsed(head) {
  const view = new DataView(head.buffer, head.byteOffset, HEADER);
  const word = (at) => String.fromCharCode(...head.subarray(at, at + 4));
  const plain = word(0) === "RIFF" && word(8) === "WAVE" && word(12) === "fmt " && word(36) === "data"
    && view.getUint16(20, true) === 1 && view.getUint16(34, true) === 16;
  if (!plain) return null;
  const channels = view.getUint16(22, true);
  return { channels, sampleRateHz: view.getUint32(24, true), frames: view.getUint32(40, true) / (2 * channels) };
}

/** A stream of which one asks for so many bytes, into one piece of memory that is used again. */
function opened(stream) {
  if (!globalThis.ReadableStreamBYOBReader) return null;
  let reader;
  try {
    reader = stream.getReader({ mode: "byob" });
  } catch {
    return null;
  }
  let memory = new ArrayBuffer(PIECE);
  return {
    async next(count) {
      let filled = 0;
      while (filled < count) {
        const { value, done } = await reader.read(new Uint8Array(memory, filled, count - filled));
        if (value) memory = value.buffer;
        if (done) throw new Error("a sound was cut off");
        filled += value.byteLength;
      }
      return new Uint8Array(memory, 0, count);
    },
    /** To the end, or the request would count as broken off. */
    async finish() {
      for (let ended = false; !ended;) {
        const { value, done } = await reader.read(new Uint8Array(memory));
        if (value) memory = value.buffer;
        ended = done;
      }
    },
    cancel: () => reader.cancel().catch(() => null),
  };
}

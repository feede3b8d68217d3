/** Fetch and decode the sounds of a page, and fetch those of the next one ahead. */

import { readWav } from "./wav.js";

const AT_ONCE = 3;
const TRIES = 3;
const RETRY_MS = 700;
/** Where the next page's files wait: in this browser, for one page only. */
const WAITING = "blindmix";

/** A context at the stimuli's own rate, so that nothing is resampled where the browser can. */
export function openContext(sampleRateHz) {
  // An iPhone's silent switch is for what rings, not for what one came to hear.
  if (navigator.audioSession) navigator.audioSession.type = "playback";
  try {
    return new AudioContext({ sampleRate: sampleRateHz, latencyHint: "interactive" });
  } catch {
    return new AudioContext();
  }
}

/**
 * Load all, a few at a time: phones have little memory for undecoded files.
 * @param {BaseAudioContext} context @param {{id: string, url: string}[]} sounds
 * @param {(done: number) => void} progressed
 * @returns {Promise<Map<string, AudioBuffer>>} in the order of `sounds`
 */
export async function loadSounds(context, sounds, progressed) {
  const loaded = new Map(sounds.map(({ id }) => [id, null]));
  const waiting = [...sounds];
  let done = 0;
  const work = async () => {
    for (let sound = waiting.shift(); sound; sound = waiting.shift()) {
      loaded.set(sound.id, await decoded(context, sound.url));
      done += 1;
      progressed(done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  // Decoded now, or of a page that was not come to: nothing stays behind.
  await storage()?.delete(WAITING).catch(() => null);
  return loaded;
}

/** Fetch the files of the next page one after the other, as long as this page is open. */
export async function preload(urls = []) {
  if (!storage()) return;
  try {
    const waiting = await storage().open(WAITING);
    for (const url of urls) await waiting.add(url);
  } catch {
    // The next page fetches what is missing.
  }
}

/** Give the memory of a page back when it is left: a minute of twelve stimuli takes 250 MB. */
export function releaseOnLeave(player) {
  addEventListener("pagehide", () => player.release());
  // A page that comes out of the browser's memory has no sounds any more.
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
}

/** Absent without TLS. */
function storage() {
  return globalThis.caches;
}

async function decoded(context, url, tries = TRIES) {
  try {
    const answer = await answered(url);
    if (answer.headers.get("Content-Type") !== "audio/wav") {
      return await context.decodeAudioData(await answer.arrayBuffer());
    }
    const read = await readWav(answer, context.sampleRate);
    return read ?? await context.decodeAudioData(await (await answered(url)).arrayBuffer());
  } catch (error) {
    if (tries <= 1) throw error;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    return decoded(context, url, tries - 1);
  }
}

async function answered(url) {
  const ahead = await storage()?.match(url).catch(() => null);
  const answer = ahead ?? await fetch(url);
  if (!answer.ok) throw new Error(`${answer.status} for a sound`);
  return answer;
}

/** Fetch and decode the sounds of a page. */

const AT_ONCE = 3;
const TRIES = 3;
const RETRY_MS = 700;

/** A context at the stimuli's own rate, so that nothing is resampled where the browser can. */
export function openContext(sampleRateHz) {
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
      loaded.set(sound.id, await context.decodeAudioData(await fetched(sound.url)));
      done += 1;
      progressed(done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return loaded;
}

async function fetched(url, tries = TRIES) {
  try {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${answer.status} for a sound`);
    return await answer.arrayBuffer();
  } catch (error) {
    if (tries <= 1) throw error;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    return fetched(url, tries - 1);
  }
}

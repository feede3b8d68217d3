/** The volume of the player, chosen once and kept for the whole run on this device. */

const storageKey = (page) => `blindmix:${page.api.page.split("/")[3]}:volume`;

/** @returns {number} a gain from 0 to 1 */
export function storedVolume(page) {
  try {
    const found = Number.parseFloat(localStorage.getItem(storageKey(page)));
    return Number.isFinite(found) ? Math.min(1, Math.max(0, found)) : 1;
  } catch {
    return 1;
  }
}

export function storeVolume(page, gain) {
  try {
    localStorage.setItem(storageKey(page), String(gain));
  } catch {
    // Without storage every page plays at full volume, as the volume page began.
  }
}

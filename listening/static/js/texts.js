/** Every word that the scripts put on a page, in the language of the page. */

const words = JSON.parse(document.getElementById("words").textContent);

/**
 * @param {string} key of the catalogue (listening/languages/en.json)
 * @param {Object<string, string|number>} values for its {placeholders}
 */
export function t(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

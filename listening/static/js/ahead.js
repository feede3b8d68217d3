/** On pages without sounds: fetch those of the next page. */
import { preload } from "./sounds.js";

preload(JSON.parse(document.getElementById("page-data").textContent).preload);

import { ratingPage } from "../rating.js";

await ratingPage();

// A film as the training body's people look at it: whole, with the browser's own controls.

import { play } from "./player.js";

for (const video of document.querySelectorAll("video[data-film]")) {
  const ends = video.dataset.ends.split(",").map((end) => Number(end) / 1000);
  play(video, { base: video.dataset.film, codecs: video.dataset.codecs, ends });
}

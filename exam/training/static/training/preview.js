// A film as the training body's people look at it: whole, with the browser's own controls.

import { clock } from "./film.js";
import { play } from "./player.js";
import { besides } from "./beside.js";

for (const video of document.querySelectorAll("video[data-film]")) {
  play(video, { base: video.dataset.film, codecs: video.dataset.codecs });
  besides(video);
}

/** A sync point is added where the film stands: the next page from there on. */
document.querySelector("[data-sync-here]")?.addEventListener("click", () => {
  const typed = document.getElementById("f-syncs");
  const lines = typed.value.split("\n").map((line) => line.trim()).filter(Boolean);
  const last = Number(lines.at(-1)?.split(/\s+/)[1] ?? 0);
  typed.value = [...lines, `${clock(document.querySelector("video[data-film]").currentTime)} ${last + 1}`].join("\n");
  typed.dispatchEvent(new Event("input", { bubbles: true }));
});

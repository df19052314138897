// A package as the training body's people look at it: whole, and nothing of it is kept.

import { Frame } from "./package.js";

for (const box of document.querySelectorAll("[data-package]")) {
  new Frame(box, (name) => box.querySelector(`[data-${name}]`), { items: JSON.parse(box.dataset.items), tracked: [], told: () => {} });
}

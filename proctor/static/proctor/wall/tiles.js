/** The tiles in the page: made once for each seat, moved when trouble floats up, never rebuilt under the proctor's eyes. */

const STILL_MS = 5000;
const PARTS = ["seat", "name", "state", "left", "answered", "camera"];

export class Tiles {
  #list;
  #template = document.getElementById("tile");
  #byKey = new Map();
  #words;

  constructor(list, words) {
    this.#list = list;
    this.#words = words;
  }

  /** Puts these tiles in this order on the page. */
  paint(tiles) {
    const kept = new Set();
    tiles.forEach((tile, index) => {
      const item = this.#item(tile.registration_id);
      kept.add(tile.registration_id);
      this.#fill(item, tile);
      if (this.#list.children[index] !== item) this.#list.insertBefore(item, this.#list.children[index] ?? null);
    });
    for (const [key, item] of this.#byKey) {
      if (kept.has(key)) continue;
      item.querySelector("video").srcObject = null;
      item.remove();
      this.#byKey.delete(key);
    }
  }

  /** Gives every tile its stream. */
  join(streamOf) {
    for (const item of this.#byKey.values()) {
      const video = item.querySelector("video");
      const stream = item.dataset.source ? streamOf(item.dataset.source) : null;
      if (video.srcObject === stream) continue;
      video.srcObject = stream;
      if (stream) video.play().catch(() => {});
    }
  }

  get buttons() { return [...this.#list.querySelectorAll(".tile-open")]; }

  #item(key) {
    if (!this.#byKey.has(key)) {
      const item = this.#template.content.firstElementChild.cloneNode(true);
      const video = item.querySelector("video");
      const still = item.querySelector("img");
      const shown = () => {
        const live = video.srcObject && video.videoWidth > 0;
        if (live) still.hidden = true;
        item.dataset.picture = live ? "live" : still.hidden ? "none" : "still";
      };
      still.addEventListener("load", () => { still.hidden = item.dataset.picture === "live"; shown(); });
      still.addEventListener("error", () => { still.hidden = true; shown(); });
      for (const name of ["resize", "playing", "emptied", "loadedmetadata"]) video.addEventListener(name, shown);
      this.#byKey.set(key, item);
    }
    return this.#byKey.get(key);
  }

  /** Where live video does not come through, a picture a few seconds old is better than none. */
  #still(item, tile) {
    const now = performance.now();
    if (!tile.source || item.dataset.picture === "live" || now - (item.stillAt ?? -STILL_MS) < STILL_MS) return;
    item.stillAt = now;
    item.querySelector("img").src = `/api/proctor/attempts/${tile.attempt_id}/still?${Math.round(now)}`;
  }

  #fill(item, tile) {
    const left = tile.remaining_ms === null ? "" : this.#words("left", { min: Math.ceil(tile.remaining_ms / 60_000) });
    const values = { seat: tile.seat, name: tile.name, state: tile.state_word, left, answered: tile.attempt_id ? this.#words("answered", { n: tile.answered }) : "", camera: tile.camera_word };
    for (const part of PARTS) {
      const node = item.querySelector(`[data-part=${part}]`);
      if (node.textContent !== values[part]) node.textContent = values[part];
    }
    item.dataset.attempt = tile.attempt_id ?? "";
    item.dataset.source = tile.source;
    item.dataset.state = tile.state;
    item.dataset.camera = tile.camera;
    item.dataset.attention = tile.attention;
    const mark = item.querySelector(".tile-attention");
    mark.hidden = tile.attention === "";
    mark.lastElementChild.textContent = tile.attention_word;
    item.querySelector(".tile-open").disabled = !tile.attempt_id;
    this.#still(item, tile);
  }
}

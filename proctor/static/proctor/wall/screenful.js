/** The pictures of the tiles on the page: one viewer, made anew when the set changes or the node is gone. */

import { Viewer } from "./viewer.js";

const RETRY_MS = [200, 600, 1200, 2500];
const SETTLE_MS = 250;

/** Events: state ("live" or "lost"). `exchange(sdp, sources)` brings the answer. */
export class Screenful extends EventTarget {
  #exchange;
  #wanted = [];
  #viewer = null;
  #coming = null;
  #tries = 0;
  #timer = null;

  constructor(exchange) {
    super();
    this.#exchange = exchange;
  }

  /** Returns the stream of a picture, or null while none is connected. */
  streamOf(name) { return this.#viewer?.streams.get(name) ?? null; }

  /** Shows these pictures; those that stay go on without a gap until the new connection stands. */
  show(sources) {
    const wanted = [...new Set(sources)].sort();
    if (wanted.join() === this.#wanted.join()) return;
    this.#wanted = wanted;
    this.#tries = 0;
    this.#soon(SETTLE_MS * Number(this.#viewer !== null));
  }

  close() {
    window.clearTimeout(this.#timer);
    this.#coming?.close();
    this.#viewer?.close();
  }

  #soon(delay) {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#renew(), delay);
  }

  #failed(viewer) {
    viewer.close();
    if (viewer === this.#coming) this.#coming = null;
    else if (viewer === this.#viewer) this.#viewer = null;
    else return;
    this.dispatchEvent(new CustomEvent("state", { detail: "lost" }));
    const pause = RETRY_MS[Math.min(this.#tries, RETRY_MS.length - 1)];
    this.#tries += 1;
    this.#soon(pause * (0.75 + Math.random() / 2));
  }

  #renew() {
    this.#coming?.close();
    this.#coming = null;
    if (this.#wanted.length === 0) {
      this.#viewer?.close();
      this.#viewer = null;
      this.dispatchEvent(new CustomEvent("state", { detail: "live" }));
      return;
    }
    const viewer = this.#coming = new Viewer(this.#wanted);
    viewer.addEventListener("lost", () => this.#failed(viewer));
    viewer.addEventListener("live", () => {
      if (viewer !== this.#coming) return;
      this.#viewer?.close();
      [this.#viewer, this.#coming, this.#tries] = [viewer, null, 0];
      this.dispatchEvent(new CustomEvent("state", { detail: "live" }));
    });
    viewer.connect(this.#exchange).catch(() => this.#failed(viewer));
  }
}

/** What the terminal tells of itself: is the page in front, was something copied, is there a second screen, did somebody
    answer without a hand. It is told every few seconds, and at once when it changes; the exam goes on whatever comes of it. */

const EVERY_MS = 15_000;
const SOON_MS = 2200;
const HAND_MS = 3000;
const HANDS = ["pointerdown", "keydown", "touchstart", "wheel"];
const COPIES = ["copy", "cut", "paste"];

export class Conduct {
  #signal;
  #stop = new AbortController();
  #awayAt = 0;
  #handAt = -Infinity;
  #copies = 0;
  #unprompted = 0;
  #timer = null;

  constructor(signal) {
    this.#signal = signal;
    const on = (target, name, listener) => target.addEventListener(name, listener, { capture: true, passive: true, signal: this.#stop.signal });
    for (const name of HANDS) on(document, name, (event) => { if (event.isTrusted) this.#handAt = performance.now(); });
    for (const name of COPIES) on(document, name, () => { this.#copies += 1; this.#soon(0); });
    on(document, "change", ({ target }) => {
      if (!target.closest("#app") || performance.now() - this.#handAt < HAND_MS) return;
      this.#unprompted += 1;
      this.#soon(0);
    });
    for (const name of ["blur", "focus"]) on(window, name, () => this.#turn());
    on(document, "visibilitychange", () => this.#turn());
    if (window.screen.addEventListener) on(window.screen, "change", () => this.#soon(0));
    this.#turn();
    this.#soon(0);
  }

  /** Notes when the page goes to the back; a short while is not told. */
  #turn() {
    const away = document.hidden || !document.hasFocus();
    if (away === this.#awayAt > 0) return;
    this.#awayAt = away ? performance.now() : 0;
    this.#soon(away ? SOON_MS : 0);
  }

  #soon(delay) {
    if (this.#stop.signal.aborted) return;
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#tell(), delay);
  }

  async #tell() {
    const [copies, unprompted] = [this.#copies, this.#unprompted];
    const told = {
      away_ms: this.#awayAt > 0 ? Math.max(1, Math.round(performance.now() - this.#awayAt)) : 0,
      copies, screens: window.screen.isExtended === true, unprompted,
    };
    try {
      await this.#signal.conduct(told);
      this.#copies -= copies;
      this.#unprompted -= unprompted;
    } catch { /* told again with the next report */ }
    this.#soon(EVERY_MS);
  }

  end() {
    this.#stop.abort();
    window.clearTimeout(this.#timer);
  }
}

/** The camera of a seat: consent once, then it sends for as long as the attempt lasts and comes back by itself.

    Nothing here may touch the exam: every failure ends in a word in the status line and another try. */

import { ConsentCard } from "./card.js";
import { Publisher } from "./publisher.js";
import { Conduct } from "./conduct.js";
import { Refused, Signal } from "./signal.js";

const SHOWN = new Set(["ready", "in_progress", "paused"]);
const RETRY_MS = [300, 700, 1500, 3000];
const slot = document.getElementById("slot-camera");
const mark = document.createElement("span");
const words = document.getElementById("camera-card")?.content;

let current = null;

const sleep = (ms) => new Promise((resolve) => { window.setTimeout(resolve, ms); });
const sentence = (key) => words.querySelector(`[data-words=${key}]`).textContent;

/** Shows the state where the terminal's status line looks for it. */
function show(state, key) {
  mark.hidden = true;
  if (!mark.isConnected) slot.append(mark);
  slot.dataset.state = state;
  slot.dataset.words = sentence(key);
}

class Seat {
  #stop = new AbortController();
  #publisher = null;
  #wanted = ["tile"];
  #card = null;
  #conduct = null;

  constructor(attempt, lease) {
    this.attempt = attempt;
    this.signal = new Signal(attempt, lease);
  }

  /** Watches the page itself while answers are given. */
  attend(working) {
    if (working && !this.#conduct) this.#conduct = new Conduct(this.signal);
    if (!working) {
      this.#conduct?.end();
      this.#conduct = null;
    }
  }

  get ended() { return this.#stop.signal.aborted; }

  async run() {
    await this.#agree();
    this.#listen();
    for (let tries = 0; !this.ended && this.#card.camera; tries += 1) {
      try {
        await this.#send(() => { tries = -1; });
      } catch (error) {
        if (error instanceof Refused && error.gone) return;
      }
      if (this.ended) return;
      show("lost", "lost");
      await sleep(RETRY_MS[Math.min(Math.max(tries, 0), RETRY_MS.length - 1)] * (0.75 + Math.random() / 2));
    }
  }

  /** Asks once for an attempt; after a reload the camera opens by itself. */
  async #agree() {
    const key = `ankao-camera:${this.attempt}`;
    this.#card = new ConsentCard(slot, this.signal);
    if (sessionStorage.getItem(key)) {
      await this.#card.openCamera();
    } else {
      show("lost", "asked");
      await this.#card.ask();
      await this.signal.consent(this.#card.facts).catch(() => {});
      if (this.#card.camera) sessionStorage.setItem(key, "agreed");
    }
    this.#card.done();
    show("lost", this.#card.camera ? "connecting" : "without");
    this.#card.camera?.addEventListener("ended", () => this.#reopen());
    this.#card.screen?.addEventListener("ended", () => this.#publisher?.share(null));
  }

  /** A camera that was unplugged may come back. */
  async #reopen() {
    this.#publisher?.close();
    show("lost", "without");
    while (!this.ended && !await this.#card.openCamera()) await sleep(3000);
    this.#card.done();
    this.run();
  }

  /** Sends over one connection until it is lost. */
  async #send(onLive) {
    const { camera, screen } = this.#card;
    if (camera.readyState !== "live") throw new Error("camera ended");
    const publisher = new Publisher(camera, screen);
    this.#publisher = publisher;
    try {
      const lost = new Promise((resolve) => {
        publisher.addEventListener("live", () => { show("live", "live"); onLive(); publisher.want(this.#wanted); });
        publisher.addEventListener("lost", resolve);
        this.#stop.signal.addEventListener("abort", resolve);
        camera.addEventListener("ended", resolve);
      });
      await publisher.connect((sdp) => this.signal.publish(sdp, publisher.tracks));
      await lost;
    } finally {
      publisher.close();
    }
  }

  async #listen() {
    while (!this.ended) {
      await this.signal.listen((told) => {
        if (!Array.isArray(told.want)) return;
        this.#wanted = told.want;
        this.#publisher?.want(told.want);
      }, this.#stop.signal).catch(() => {});
      await sleep(1000 + 1000 * Math.random());
    }
  }

  end() {
    this.#stop.abort();
    this.attend(false);
    this.#publisher?.close();
    this.#card?.camera?.stop();
    this.#card?.screen?.stop();
    this.#card?.done();
  }
}

document.addEventListener("ankao:attempt", ({ detail }) => {
  if (!words) return;
  const { attempt, lease, state } = detail;
  if (current && (current.attempt !== attempt || !SHOWN.has(state))) {
    current.end();
    current = null;
    slot.replaceChildren();
  }
  if (!lease || !SHOWN.has(state)) return;
  if (current) current.signal.lease = lease;
  else {
    current = new Seat(attempt, lease);
    current.run().catch((error) => { show("lost", "lost"); console.warn(error); });
  }
  current.attend(state === "in_progress");
});

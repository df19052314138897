/** The camera of a seat: consent once, then it sends for as long as the attempt lasts and comes back by itself.

    Nothing here may touch the exam: every failure ends in a word in the status line and another try. */

import { ConsentCard } from "./card.js";
import { Microphone } from "./microphone.js";
import { Publisher } from "./publisher.js";
import { Conduct } from "./conduct.js";
import { Refused, Signal } from "./signal.js";

const EARLY = new Set(["checked_in", "ready"]);
const SHOWN = new Set([...EARLY, "in_progress", "paused"]);
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
  #microphone;
  #sending = false;
  #stopSending = null;
  #admit = null;
  #admitted = new Promise((resolve) => { this.#admit = resolve; });

  constructor(attempt, key) {
    this.attempt = attempt;
    this.signal = new Signal(attempt, key);
    this.#microphone = new Microphone(document.getElementById("microphone-notice"), this.signal);
  }

  /** Takes the lease, under which pictures are sent; before it the candidate is told, chooses and tries the camera. */
  admit(lease) {
    this.signal.lease = lease;
    this.#admit();
  }

  get #key() { return `ankao-camera:${this.attempt}`; }

  /** Watches the page itself while answers are given. */
  attend(working) {
    if (working) this.#card?.begin();
    if (working && !this.#conduct) this.#conduct = new Conduct(this.signal);
    if (!working) {
      this.#conduct?.end();
      this.#conduct = null;
    }
  }

  get ended() { return this.#stop.signal.aborted; }

  async run() {
    await this.#agree();
    await this.#admitted;
    this.#remark();
    this.#listen();
    await this.#keepSending();
  }

  /** Sends for as long as there is a camera, over one connection after the other. */
  async #keepSending() {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (let tries = 0; !this.ended && this.#card.camera; tries += 1) {
        try {
          await this.#send(() => { tries = -1; });
        } catch (error) {
          if (error instanceof Refused && error.gone) return;
        }
        if (this.ended || !this.#card.camera) return;
        show("lost", "lost");
        await sleep(RETRY_MS[Math.min(Math.max(tries, 0), RETRY_MS.length - 1)] * (0.75 + Math.random() / 2));
      }
    } finally {
      this.#sending = false;
    }
  }

  /** Asks once for an attempt; after a reload the camera opens by itself. */
  async #agree() {
    const card = this.#card = new ConsentCard(slot, this.signal);
    this.#admitted.then(() => card.admit());
    card.addEventListener("camera", () => this.#found());
    card.addEventListener("ended", () => this.#reopen());
    card.addEventListener("screen", () => this.#publisher?.share(card.screen));
    card.addEventListener("finished", () => { if (!card.camera) show("lost", card.waived ? "waived" : "without"); });
    card.addEventListener("withdrawn", () => this.#withdraw());
    const version = sessionStorage.getItem(this.#key);
    if (version) {
      await card.resume(version);
    } else {
      show("lost", "asked");
      await card.ask();
    }
    if (card.camera) this.#remember();
    this.#remark();
  }

  #remember() { sessionStorage.setItem(this.#key, this.#card.facts.text_version); }

  /** Says where the camera stands while nothing is sent. */
  #remark() {
    const { camera, waived, admitted } = this.#card;
    show("lost", camera ? (admitted ? "connecting" : "tried") : waived ? "waived" : "without");
  }

  /** A camera was there at the second try. */
  #found() {
    this.#remember();
    this.#remark();
    this.#stopSending?.();
    if (this.#card.admitted) this.#keepSending();
  }

  #withdraw() {
    sessionStorage.removeItem(this.#key);
    this.#stopSending?.();
  }

  /** A camera that was unplugged may come back. */
  async #reopen() {
    this.#stopSending?.();
    show("lost", "without");
    const wanted = () => !this.ended && this.#card.facts.agreed;
    while (wanted() && !await this.#card.openCamera()) await sleep(3000);
    if (!wanted()) return;
    this.#card.finish();
    if (this.#card.admitted) this.#keepSending();
  }

  /** Sends over one connection until it is lost. */
  async #send(onLive) {
    const { camera, screen } = this.#card;
    if (camera.readyState !== "live") throw new Error("camera ended");
    const publisher = new Publisher(camera, screen);
    this.#publisher = publisher;
    try {
      const lost = new Promise((resolve) => {
        publisher.addEventListener("live", () => { show("live", "live"); onLive(); publisher.want(this.#wanted); this.#microphone.join(publisher); });
        publisher.addEventListener("lost", resolve);
        this.#stopSending = resolve;
      });
      await publisher.connect((sdp) => this.signal.publish(sdp, publisher.tracks));
      await lost;
    } finally {
      this.#microphone.join(null);
      publisher.close();
    }
  }

  async #listen() {
    while (!this.ended) {
      await this.signal.listen((told) => {
        if (!Array.isArray(told.want)) return;
        this.#wanted = told.want;
        this.#publisher?.want(told.want);
        this.#microphone.want(told.want.includes("sound"));
      }, this.#stop.signal).catch(() => {});
      await sleep(1000 + 1000 * Math.random());
    }
  }

  end() {
    this.#stop.abort();
    this.#stopSending?.();
    this.attend(false);
    this.#card?.camera?.stop();
    this.#card?.screen?.stop();
    this.#card?.remove();
  }
}

document.addEventListener("ankao:attempt", ({ detail }) => {
  if (!words) return;
  const { attempt, lease, pass, state } = detail;
  // before the exam the card comes first on the page, during it below the answers
  document.body.toggleAttribute("data-camera-first", EARLY.has(state));
  if (current && (current.attempt !== attempt || !SHOWN.has(state))) {
    current.end();
    current = null;
    slot.replaceChildren();
  }
  const key = state === "checked_in" ? pass : lease;
  if (!key || !SHOWN.has(state)) return;
  if (current) current.signal.lease = key;
  else {
    current = new Seat(attempt, key);
    current.run().catch((error) => { show("lost", "lost"); console.warn(error); });
  }
  if (state !== "checked_in") current.admit(lease);
  current.attend(state === "in_progress");
});

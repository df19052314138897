/** The card in which a candidate reads what is recorded, agrees or not, and sees that the camera works; its words stand in the page. */

import { Loudness } from "./loudness.js";

const PROBE_BYTES = 96 * 1024;
const ENOUGH_KBPS = 400;
const SKEW_MS = 5000;
const ASK_MS = 4000;
const CAUSES = { NotAllowedError: "denied", NotReadableError: "busy" };

const sleep = (ms) => new Promise((resolve) => { window.setTimeout(resolve, ms); });

/** Events: camera (one has opened), ended (it is gone), finished, withdrawn. */
export class ConsentCard extends EventTarget {
  #card;
  #signal;
  #cause = "";
  camera = null;
  screen = null;
  waived = false;
  admitted = false;
  #asked = { screen: false, microphone: false };
  #loudness = null;
  facts = { text_version: "", agreed: false, camera: "none", microphone: "none", screen: false, uplink_kbps: 0, skew_ms: 0 };

  constructor(slot, signal) {
    super();
    this.#signal = signal;
    this.#card = document.getElementById("camera-card").content.firstElementChild.cloneNode(true);
    slot.append(this.#card);
    this.#on("screen", () => this.#shareScreen());
    this.#on("again", () => this.#again());
    this.#on("finish", () => this.finish());
    for (const button of this.#card.querySelectorAll("[data-act=withdraw]")) button.addEventListener("click", () => this.#withdraw());
  }

  #on(name, act) { this.#card.querySelector(`[data-act=${name}]`).addEventListener("click", act); }

  #says(key, values = {}) {
    const text = this.#card.querySelector(`[data-words=${key}]`).textContent;
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  #row(name, level, key, values) {
    const item = this.#card.querySelector(`[data-check=${name}]`);
    item.dataset.level = level;
    item.querySelector("output").textContent = this.#says(key, values);
  }

  /** Shows one part of the card; who reads it with a screen reader or the keyboard begins at its heading. */
  #show(part) {
    for (const each of this.#card.querySelectorAll("[data-part]")) each.hidden = each.dataset.part !== part;
    this.#card.hidden = part === "";
    this.#card.dataset.stage = part;
    // during the exam the focus stays with the answers
    if (document.body.hasAttribute("data-camera-first")) this.#card.querySelector(`[data-part="${part}"] h2`)?.focus();
  }

  /** Shows what is recorded and waits for the choice; the exam runs on behind the card. */
  async ask() {
    await this.#fill();
    const chosen = new Promise((resolve) => { for (const name of ["agree", "without"]) this.#on(name, () => resolve(name)); });
    this.#show("text");
    const choice = await chosen;
    this.facts.agreed = choice === "agree";
    if (!this.facts.agreed) {
      this.#show("");
      this.#tell();
      return;
    }
    this.#show("check");
    await this.#check();
    this.#awaitWaiver();
  }

  /** Opens the camera again after a reload, under the text that was agreed to. */
  async resume(version) {
    Object.assign(this.facts, { text_version: version, agreed: true });
    await this.openCamera();
    this.finish();
  }

  /** Puts the words of this sitting on the card; they come again until they are there, for nobody agrees to what was not shown. */
  async #fill() {
    for (;;) {
      try {
        const { text_version: version, points, screen, microphone, waived } = await this.#signal.check();
        this.facts.text_version = version;
        this.waived = waived;
        this.#asked = { screen, microphone };
        for (const name of ["screen", "microphone"]) this.#card.querySelector(`[data-check=${name}]`).hidden = !this.#asked[name];
        this.#card.querySelector("[data-act=screen]").hidden = !screen;
        const row = ({ title, text }) => {
          const [name, words] = [document.createElement("dt"), document.createElement("dd")];
          name.textContent = title;
          words.textContent = text;
          return [name, words];
        };
        this.#card.querySelector("[data-points]").replaceChildren(...points.flatMap(row));
        return;
      } catch (error) {
        if (error.gone) throw error;
        await sleep(ASK_MS);
      }
    }
  }

  async #check() {
    this.#hear();
    await Promise.all([this.openCamera(), this.#measure()]);
    this.#help();
    this.#tell();
  }

  async #again() {
    await this.#check();
    if (this.camera) this.dispatchEvent(new Event("camera"));
  }

  #tell() { this.#signal.consent(this.facts).catch(() => {}); }

  /** Says what to do next, first of all about a camera that does not open. */
  #help() {
    const help = this.#card.querySelector(".camera-help");
    const key = this.waived && !this.camera ? "waived" : this.#cause || "ok";
    help.textContent = this.#says(`help-${key}`);
    help.dataset.level = key === "ok" || key === "waived" ? "good" : "bad";
    help.hidden = false;
    const [finish, again] = ["finish", "again"].map((name) => this.#card.querySelector(`[data-act=${name}]`));
    finish.textContent = this.#says(this.camera ? "finish" : "go-on");
    finish.classList.toggle("chief", this.camera !== null || this.waived);
    again.classList.toggle("chief", !this.camera && !this.waived);
  }

  /** While the check shows no picture: the proctor may let the candidate go on without one. */
  async #awaitWaiver() {
    while (this.#card.dataset.stage === "check" && !this.camera && !this.waived) {
      await sleep(ASK_MS);
      this.waived = await this.#signal.check().then(({ waived }) => waived, () => false);
    }
    if (!this.waived || this.camera) return;
    this.#row("camera", "good", "camera-waived");
    this.#help();
  }

  /** Opens the camera; false with the reason on the card where it does not open. */
  async openCamera() {
    this.camera?.stop();
    this.camera = null;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 15 } }, audio: false });
      const [track] = stream.getVideoTracks();
      track.addEventListener("ended", () => { if (this.camera === track) this.dispatchEvent(new Event("ended")); });
      this.camera = track;
      this.facts.camera = "ok";
      this.#cause = "";
      this.#row("camera", "good", "camera-ok");
    } catch (error) {
      this.#cause = CAUSES[error.name] ?? "missing";
      this.facts.camera = this.#cause === "denied" ? "denied" : "missing";
      this.#row("camera", "bad", `camera-${this.#cause}`);
    }
    const view = this.#card.querySelector("video");
    view.hidden = !this.camera;
    view.srcObject = this.camera && new MediaStream([this.camera]);
    return this.camera !== null;
  }

  /** Shows how loud it is at this seat, where the room asks for that; no sound leaves the page. */
  #hear() {
    if (!this.#asked.microphone) return;
    this.#loudness?.end();
    const meter = this.#card.querySelector("meter");
    const heard = (state) => {
      this.facts.microphone = state;
      this.#row("microphone", { ok: "good", silent: "fair" }[state] ?? "bad", `microphone-${state}`);
      this.#tell();
    };
    this.#loudness = new Loudness((level) => { meter.value = level; }, heard);
  }

  async #shareScreen() {
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: 5 }, audio: false });
      [this.screen] = stream.getVideoTracks();
      this.facts.screen = true;
      this.#row("screen", "good", "screen-ok");
      this.dispatchEvent(new Event("screen"));
      this.#tell();
    } catch {
      this.#row("screen", "fair", "screen-none");
    }
  }

  async #measure() {
    try {
      const { kbps, skew } = await this.#signal.probe(PROBE_BYTES);
      Object.assign(this.facts, { uplink_kbps: kbps, skew_ms: skew });
      const [slow, off] = [kbps < ENOUGH_KBPS, Math.abs(skew) > SKEW_MS];
      this.#row("line", slow ? "fair" : "good", slow ? "line-slow" : "line-ok", { kbps });
      this.#row("clock", off ? "fair" : "good", off ? "clock-off" : "clock-ok", { s: Math.round(Math.abs(skew) / 1000) });
    } catch {
      for (const name of ["line", "clock"]) this.#row(name, "fair", "line-unknown");
    }
  }

  /** Takes the consent back: the camera closes, the exam goes on. */
  #withdraw() {
    this.camera?.stop();
    this.screen?.stop();
    [this.camera, this.screen] = [null, null];
    Object.assign(this.facts, { agreed: false, camera: "none", screen: false });
    this.#tell();
    this.dispatchEvent(new Event("withdrawn"));
    this.finish();
  }

  /** Ends the check: of the card remains the line that says that the camera runs. */
  finish() {
    this.#card.querySelector("video").srcObject = null;
    this.#loudness?.end();
    this.#show(!this.camera ? "" : this.admitted ? "on" : "tried");
    this.dispatchEvent(new Event("finished"));
  }

  /** The candidate is let in: from now on pictures are sent. */
  admit() {
    this.admitted = true;
    if (this.#card.dataset.stage === "tried") this.#show("on");
  }

  /** Ends the check that is still open when the exam begins; the choice itself stays open below the answers. */
  begin() { if (this.#card.dataset.stage === "check") this.finish(); }

  remove() {
    this.#loudness?.end();
    this.#card.remove();
  }
}

/** The card in which a candidate agrees to be seen and sees that the camera works; its words stand in the page. */

const PROBE_BYTES = 96 * 1024;
const ENOUGH_KBPS = 400;
const SKEW_MS = 5000;

function row(card, name, level, words) {
  const item = card.querySelector(`[data-check=${name}]`);
  item.dataset.level = level;
  item.querySelector("output").textContent = words;
}

function says(card, key, values = {}) {
  const text = card.querySelector(`[data-words=${key}]`).textContent;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Asks for consent and checks camera, screen, line and clock; resolves with the camera's track and what was found. */
export class ConsentCard {
  #card;
  #signal;
  camera = null;
  screen = null;
  facts = { agreed: false, camera: "none", screen: false, uplink_kbps: 0, skew_ms: 0 };

  constructor(slot, signal) {
    this.#signal = signal;
    this.#card = document.getElementById("camera-card").content.firstElementChild.cloneNode(true);
    slot.append(this.#card);
  }

  /** Waits for one of the two buttons; the exam runs on behind the card. */
  async ask() {
    const card = this.#card;
    const press = (name) => new Promise((resolve) => card.querySelector(`[data-act=${name}]`).addEventListener("click", () => resolve(name), { once: true }));
    const share = card.querySelector("[data-act=screen]");
    share.addEventListener("click", () => this.#shareScreen());
    card.hidden = false;
    if (await Promise.race([press("agree"), press("without")]) === "agree") {
      this.facts.agreed = true;
      await this.openCamera();
      await this.#measure();
    }
    return this;
  }

  /** Opens the camera; false with the reason on the card where it does not open. */
  async openCamera() {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 15 } }, audio: false });
      [this.camera] = stream.getVideoTracks();
      this.facts.camera = "ok";
      const view = this.#card.querySelector("video");
      view.srcObject = new MediaStream([this.camera]);
      view.hidden = false;
      row(this.#card, "camera", "good", says(this.#card, "camera-ok"));
    } catch (error) {
      this.facts.camera = error.name === "NotAllowedError" ? "denied" : "missing";
      row(this.#card, "camera", "bad", says(this.#card, this.facts.camera === "denied" ? "camera-denied" : "camera-missing"));
    }
    return this.camera !== null;
  }

  async #shareScreen() {
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: 5 }, audio: false });
      [this.screen] = stream.getVideoTracks();
      this.facts.screen = true;
      row(this.#card, "screen", "good", says(this.#card, "screen-ok"));
    } catch {
      row(this.#card, "screen", "fair", says(this.#card, "screen-none"));
    }
  }

  async #measure() {
    try {
      const { kbps, skew } = await this.#signal.probe(PROBE_BYTES);
      Object.assign(this.facts, { uplink_kbps: kbps, skew_ms: skew });
      row(this.#card, "line", kbps < ENOUGH_KBPS ? "fair" : "good", says(this.#card, kbps < ENOUGH_KBPS ? "line-slow" : "line-ok", { kbps }));
      row(this.#card, "clock", Math.abs(skew) > SKEW_MS ? "fair" : "good", says(this.#card, Math.abs(skew) > SKEW_MS ? "clock-off" : "clock-ok", { s: Math.round(Math.abs(skew) / 1000) }));
    } catch {
      row(this.#card, "line", "fair", says(this.#card, "line-unknown"));
    }
  }

  /** Makes the card small: a mark that the camera runs. */
  done() {
    this.#card.querySelector("video").srcObject = null;
    this.#card.hidden = true;
  }
}

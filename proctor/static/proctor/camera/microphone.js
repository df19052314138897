/** The microphone of a seat: shut, until a proctor asks to hear it; and for as long as it is open the page says so, and why.

    The connection has a place for sound from its beginning, so that nothing is negotiated when the microphone goes on it. */

const CAUSES = { NotAllowedError: "denied", NotFoundError: "missing" };

export class Microphone {
  #signal;
  #notice;
  #wanted = false;
  #publisher = null;
  #track = null;
  #ids = [];
  #timer = null;
  /** Counts what was asked: an answer to an older question is worth nothing. */
  #round = 0;

  constructor(notice, signal) {
    this.#notice = notice;
    this.#signal = signal;
    new ResizeObserver(() => document.body.style.setProperty("--microphone-height", `${notice.offsetHeight}px`)).observe(notice);
  }

  /** Takes the connection that sends now; without one nobody hears anything, and the microphone shuts. */
  join(publisher) {
    this.#publisher = publisher;
    this.#look();
  }

  /** Whether somebody waits for the sound. */
  want(wanted) {
    this.#wanted = wanted;
    this.#look();
  }

  /** Opens only for an act of listening that the server knows of, and no longer than that lasts. */
  async #look() {
    const round = this.#round += 1;
    window.clearTimeout(this.#timer);
    const asked = this.#wanted && this.#publisher ? await this.#signal.listening().catch(() => null) : null;
    if (round !== this.#round) return;
    if (!asked?.ids.length) {
      this.#shut("off");
      return;
    }
    this.#ids = asked.ids;
    this.#timer = window.setTimeout(() => this.#look(), 1000 * asked.left_s + 500);
    try {
      await this.#open(round, asked.reason);
    } catch (error) {
      if (round === this.#round) this.#shut(CAUSES[error.name] ?? "failed");
    }
  }

  async #open(round, reason) {
    if (this.#track?.readyState !== "live") {
      this.#say("opening", reason);
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: false });
      const [track] = stream.getAudioTracks();
      if (round !== this.#round) {
        track.stop();
        return;
      }
      track.addEventListener("ended", () => { if (this.#track === track) this.#shut("missing"); });
      this.#track = track;
    }
    this.#say("on", reason);
    if (!await this.#publisher.speak(this.#track)) throw new Error("no place for sound");
    this.#tell("on");
  }

  #shut(state) {
    this.#round += 1;
    window.clearTimeout(this.#timer);
    this.#track?.stop();
    this.#track = null;
    this.#publisher?.speak(null);
    this.#notice.hidden = true;
    for (const each of this.#notice.querySelectorAll("[data-now]")) each.textContent = "";
    if (this.#ids.length > 0) this.#tell(state);
    this.#ids = [];
  }

  #tell(state) { this.#signal.microphone(this.#ids, state).catch(() => {}); }

  /** Puts the words where they are seen without a step, and read out. */
  #say(stage, reason) {
    this.#notice.hidden = false;
    this.#notice.dataset.stage = stage;
    const words = (key) => this.#notice.querySelector(`[data-words=${key}]`).textContent;
    const told = { title: words(stage), why: words("why").replace("{reason}", reason) };
    for (const each of this.#notice.querySelectorAll("[data-now]")) {
      if (each.textContent !== told[each.dataset.now]) each.textContent = told[each.dataset.now];
    }
  }
}

/** How loud it is before the microphone: looked at in this page alone, neither sent nor kept. */

const LOOK_MS = 100;
const HEARD = 0.05;
const SILENT_MS = 10_000;

/** Calls `level` with 0 to 1 ten times a second, and `state` once it is ok, silent, denied or missing. */
export class Loudness {
  #stream = null;
  #context = null;
  #timer = null;
  #ended = false;
  #state = "";

  constructor(level, state) {
    this.#open(level, state).catch((error) => { if (!this.#ended) state(error.name === "NotAllowedError" ? "denied" : "missing"); });
  }

  async #open(level, state) {
    this.#stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: false });
    if (this.#ended) {
      this.end();
      return;
    }
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    this.#context.createMediaStreamSource(this.#stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const began = performance.now();
    this.#timer = window.setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const loud = Math.min(1, 4 * Math.sqrt(samples.reduce((sum, each) => sum + each * each, 0) / samples.length));
      level(loud);
      const now = loud > HEARD || this.#state === "ok" ? "ok" : performance.now() - began > SILENT_MS ? "silent" : "";
      if (now && now !== this.#state) state(this.#state = now);
    }, LOOK_MS);
  }

  end() {
    this.#ended = true;
    window.clearInterval(this.#timer);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#context?.close().catch(() => {});
    this.#context = null;
  }
}

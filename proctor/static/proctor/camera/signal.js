/** The calls of the seat's camera to the web process, under the lease of the attempt. */

const PATIENCE_MS = 8000;
/** As many as a browser gives at once. */
const RANDOM_BYTES = 65536;

/** A refusal with its code; `gone` when the lease or the exam is over. */
export class Refused extends Error {
  constructor(status, code) {
    super(code);
    this.status = status;
    this.code = code;
    this.gone = status === 401 || code === "not_in_exam";
  }
}

export class Signal {
  constructor(attempt, lease) {
    this.base = `/api/media/attempts/${attempt}`;
    this.lease = lease;
  }

  async #call(path, options, patience = PATIENCE_MS) {
    const stop = new AbortController();
    const timer = window.setTimeout(() => stop.abort(), patience);
    try {
      const answer = await fetch(this.base + path, {
        ...options, cache: "no-store", credentials: "same-origin", signal: options.signal ?? stop.signal,
        headers: { "ankao-lease": this.lease, accept: "application/json", ...options.headers },
      });
      if (!answer.ok) throw new Refused(answer.status, (await answer.json().catch(() => ({}))).code ?? "unknown");
      return answer;
    } finally {
      window.clearTimeout(timer);
    }
  }

  #post(path, body, options = {}) {
    return this.#call(path, { ...options, method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  }

  /** Brings the answer: `sdp`, and `relay` where there is a way around a network without UDP. */
  async publish(sdp, tracks) { return (await this.#post("/publish", { sdp, tracks })).json(); }

  /** What the candidate is told before the camera opens, and whether a proctor lets go without one. */
  async check() { return (await this.#call("/check", { method: "GET" })).json(); }

  async consent(facts) { await this.#post("/consent", facts); }

  /** Who listens to this seat now, why, and for how long at most. */
  async listening() { return (await this.#call("/listening", { method: "GET" })).json(); }

  /** What became of the microphone for these acts of listening; told even when the page goes. */
  async microphone(ids, state) { await this.#post("/microphone", { ids, state }, { keepalive: true }); }

  async conduct(told) { await this.#post("/conduct", told); }

  /** Sends `bytes` of noise and returns how fast they went, in kbit/s, and how far this clock is off, in ms. */
  async probe(bytes) {
    const noise = new Uint8Array(bytes);
    for (let at = 0; at < bytes; at += RANDOM_BYTES) crypto.getRandomValues(noise.subarray(at, at + RANDOM_BYTES));
    const began = performance.now();
    const answer = await this.#call("/probe", { method: "POST", body: noise, headers: { "content-type": "application/octet-stream" } });
    const took = performance.now() - began;
    const { server_now: now } = await answer.json();
    return { kbps: Math.round(bytes * 8 / took), skew: Math.round(Date.now() - now - took / 2) };
  }

  /** Calls `told` with each word of the node until the stream ends. */
  async listen(told, signal) {
    const answer = await this.#call("/commands", { method: "GET", signal }, 1e9);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) told(JSON.parse(line));
    }
  }
}

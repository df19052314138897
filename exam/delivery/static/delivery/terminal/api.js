/** The exam API over plain HTTP: every call is safe to repeat, and every answer tells the server's time. */

const PATIENCE_MS = 10_000;
const CSRF = document.querySelector('meta[name="csrf-token"]')?.content;
const LATER = new Set([429, 502, 503, 504]);

/** The server could not be reached; nothing is known of the call's effect. */
export class Unreachable extends Error {
  code = "unreachable";
  later = true;
  retryAfterMs = 0;
}

/** The server refused (RFC 9457); `later` says that the same call may succeed afterwards. */
export class Problem extends Error {
  constructor(status, body, retryAfterMs) {
    super(`${status} ${body.code}`);
    this.status = status;
    this.code = body.code || `http_${status}`;
    this.detail = body.detail || body.title || "";
    this.body = body;
    this.later = LATER.has(status);
    this.retryAfterMs = retryAfterMs;
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** One method per call of the contract; `onReach` hears "ok", "busy" or "lost" after each. */
export class Api {
  #clock;
  #onReach;

  constructor(clock, onReach) {
    this.#clock = clock;
    this.#onReach = onReach;
  }

  enrol(body) { return this.#call("POST", "/api/terminals", { body }); }
  terminal(id) { return this.#call("GET", `/api/terminals/${id}`); }
  checkIn(body) { return this.#call("POST", "/api/checkin", { body }); }
  lease(attempt, body) { return this.#call("POST", `/api/attempts/${attempt}/lease`, { body }); }
  start(attempt, lease) { return this.#call("POST", `/api/attempts/${attempt}/start`, { lease, body: {} }); }
  responses(attempt, lease) { return this.#call("GET", `/api/attempts/${attempt}/responses`, { lease }); }
  save(attempt, lease, saves) { return this.#call("POST", `/api/attempts/${attempt}/responses`, { lease, body: { saves } }); }
  state(attempt, lease) { return this.#call("GET", `/api/attempts/${attempt}/state`, { lease }); }
  acknowledge(attempt, lease, message) { return this.#call("POST", `/api/attempts/${attempt}/messages/${message}/ack`, { lease, body: {} }); }
  raiseHand(attempt, lease) { return this.#call("POST", `/api/attempts/${attempt}/hand`, { lease, body: {} }); }
  submit(attempt, lease, answered, cause) { return this.#call("POST", `/api/attempts/${attempt}/submit`, { lease, body: { answered, cause } }); }
  result(attempt, lease) { return this.#call("GET", `/api/attempts/${attempt}/result`, { lease }); }

  /** Measures the way to the server: milliseconds there and back, and its clock where it tells it. */
  async probe() {
    const sentAt = performance.now();
    const answer = await fetch("/health/live", { cache: "no-store" });
    await answer.text();
    return { latencyMs: performance.now() - sentAt, date: Date.parse(answer.headers.get("date") ?? "") };
  }

  async #call(method, path, { lease, body } = {}) {
    const stop = new AbortController();
    const patience = window.setTimeout(() => stop.abort(), PATIENCE_MS);
    const headers = { Accept: "application/json" };
    if (lease) headers["Ankao-Lease"] = lease;
    else if (CSRF) headers["x-csrftoken"] = CSRF;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const sentAt = performance.now();
    let answer;
    let text;
    try {
      answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: "no-store", credentials: "same-origin", redirect: "error", signal: stop.signal });
      text = await answer.text();
    } catch {
      this.#onReach("lost");
      throw new Unreachable();
    } finally {
      window.clearTimeout(patience);
    }
    return this.#judge(answer, parsed(text), performance.now() - sentAt);
  }

  #judge(answer, body, latencyMs) {
    this.#onReach(LATER.has(answer.status) ? "busy" : "ok");
    if (!answer.ok) throw new Problem(answer.status, body ?? {}, 1000 * Number(answer.headers.get("retry-after") ?? 0) || 0);
    if (body === null) return {};
    if (typeof body.server_now === "number") this.#clock.sync(body.server_now, latencyMs);
    return { ...body, latency_ms: latencyMs };
  }
}

/** The server's time, and what it leaves the candidate. */

const DOUBT_MS = 250;

/** Two-digit hours, minutes and seconds of a span; a started second counts as a whole one. */
export function span(ms) {
  const total = Math.max(0, Math.ceil(ms / 1000));
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

/** The time of day in China. */
export function timeOfDay(epochMs, seconds = true) {
  const form = { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", hour12: false };
  if (seconds) form.second = "2-digit";
  return new Intl.DateTimeFormat("zh-CN", form).format(epochMs);
}

/** Knows what time it is on the server. */
export class ServerClock {
  #offset = null;
  #doubt = Infinity;

  /** Takes a time told by the server; a quicker answer is the better witness. */
  sync(serverNow, latencyMs) {
    const offset = serverNow + latencyMs / 2 - performance.now();
    const doubt = latencyMs / 2 + DOUBT_MS;
    if (this.#offset !== null && Math.abs(offset - this.#offset) <= doubt && doubt > this.#doubt) return;
    this.#offset = offset;
    this.#doubt = doubt;
  }

  get known() { return this.#offset !== null; }

  /** Server time in epoch milliseconds; before the first answer the computer's own clock must do. */
  now() {
    return this.known ? performance.now() + this.#offset : Date.now();
  }

  /** How far the computer's clock is ahead of the server's; for show only. */
  skewMs() { return Date.now() - this.now(); }
}

const TICK_MS = 200;
/** Input stops this much early, so that the last answer still arrives in time. */
const LEAD_MS = 400;

export const AMBER_MS = 10 * 60_000;
export const RED_MS = 5 * 60_000;

/** Runs down; `onTick(leftMs)` each second, `onLevel("amber" | "red")` once each, `onZero()` when the time is up. */
export class Countdown {
  #leftMs = null;
  #at = 0;
  #running = false;
  #shown = null;
  #zero = false;
  #said = new Set();
  #handlers;
  #ticker = null;

  /** False while the figure is only an estimate, after a reload without network. */
  synced = false;

  constructor(handlers) {
    this.#handlers = handlers;
  }

  /** Takes the server's figure; a difference within the doubt of the journey does not make the display jump. */
  sync(leftMs, latencyMs, running) {
    const told = leftMs - latencyMs / 2;
    const same = this.synced && running === this.#running && Math.abs(told - this.left()) <= latencyMs / 2 + DOUBT_MS;
    if (!same) this.#set(told, running);
    this.synced = true;
    if (this.left() > LEAD_MS) this.#zero = false;
    this.#tick();
  }

  /** Shows an estimate until the server speaks again; an estimate never ends an exam. */
  estimate(leftMs, running) {
    this.#set(leftMs, running);
    this.synced = false;
    this.#tick();
  }

  /** Milliseconds left, or null before the first figure. */
  left() {
    if (this.#leftMs === null) return null;
    const gone = this.#running ? performance.now() - this.#at : 0;
    return Math.max(0, this.#leftMs - gone);
  }

  /** True once the server's time has run out. */
  get isUp() { return this.#zero; }

  /** Ends the ticking. */
  stop() {
    window.clearInterval(this.#ticker);
    this.#ticker = null;
  }

  #set(leftMs, running) {
    this.#leftMs = Math.max(0, leftMs);
    this.#at = performance.now();
    this.#running = running;
    this.#ticker ??= window.setInterval(() => this.#tick(), TICK_MS);
  }

  #tick() {
    const left = this.left();
    const shown = Math.ceil(left / 1000);
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#handlers.onTick?.(left);
    }
    if (!this.#running || !this.synced) return;
    this.#warn(left);
    if (left <= LEAD_MS && !this.#zero) {
      this.#zero = true;
      this.#handlers.onZero?.();
    }
  }

  #warn(left) {
    const level = left <= RED_MS ? "red" : left <= AMBER_MS ? "amber" : null;
    if (!level || this.#said.has(level) || left <= LEAD_MS) return;
    this.#said.add("amber").add(level);
    this.#handlers.onLevel?.(level, left);
  }
}

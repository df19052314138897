/** Time by the server: kept on the browser's monotonic clock, so that a wrong or changed computer clock decides nothing. */

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

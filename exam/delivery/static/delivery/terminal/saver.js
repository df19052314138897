/** Carries the journal to the server: one save in flight, everything unacknowledged again after any failure. */

import { sleep } from "./dom.js";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10_000;

/** Nobody is spared by waiting longer for a network that is away, and the candidate is watching for its return. */
const LONGEST_WAIT_OFFLINE_MS = 5_000;
const BATCH = 64;

/** Codes that stop saving until the session says otherwise. */
const HOLDING = new Set(["attempt_paused", "attempt_finalised", "attempt_state", "attempt_refused", "not_started", "lease_stale", "lease_elsewhere", "lease_invalid", "deadline_passed"]);

/** Sends until nothing is pending; `onChange` hears every change, `onHold(code)` why the server stopped it. */
export class Saver {
  #send;
  #journal;
  #onChange;
  #onHold;
  #onReply;
  #running = null;
  #held = false;
  #failures = 0;
  #batch = BATCH;
  #wake = null;

  /** True while a save is under way. */
  sending = false;

  /** Server time of the last acknowledgement. */
  savedAt = null;

  constructor({ send, journal, onChange, onHold, onReply }) {
    this.#send = send;
    this.#journal = journal;
    this.#onChange = onChange;
    this.#onHold = onHold;
    this.#onReply = onReply;
  }

  /** Says that something may be pending. */
  poke() {
    if (this.#held) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      if (this.#journal.pending(1).length > 0) this.poke();
    });
  }

  /** Ends a back-off early: the network or the proctor's desk is back. */
  hurry() {
    this.#wake?.();
    this.poke();
  }

  /** Stops sending; the journal keeps everything. */
  hold() {
    this.#held = true;
    this.#wake?.();
  }

  /** Goes on sending; a rest that the server asked for is kept. */
  release() {
    this.#held = false;
    this.poke();
  }

  /** Waits up to `patienceMs` until the server has everything that it takes; returns whether it has. */
  async flush(patienceMs) {
    const until = performance.now() + patienceMs;
    this.hurry();
    while (this.#remains() && performance.now() < until && !this.#held) {
      await sleep(50);
      this.poke();
    }
    return !this.#remains();
  }

  #remains() {
    return this.#journal.unsaved().length > this.#journal.refusedSlots().length;
  }

  async #run() {
    while (!this.#held) {
      const saves = this.#journal.pending(this.#batch);
      if (saves.length === 0) break;
      this.sending = true;
      this.#onChange();
      try {
        await this.#settle(await this.#send(saves.map(({ slot, seq, response }) => ({ slot, seq, response }))));
      } catch (error) {
        this.sending = false;
        await this.#fail(error, saves);
      }
    }
    this.sending = false;
    this.#onChange();
  }

  async #settle(reply) {
    await this.#journal.acknowledge(reply.accepted);
    this.sending = false;
    this.#failures = 0;
    this.#batch = BATCH;
    if (reply.accepted.length > 0) this.savedAt = reply.server_now;
    const holding = reply.refused.find(({ code }) => HOLDING.has(code));
    for (const { slot, seq, code } of reply.refused) if (!HOLDING.has(code)) this.#journal.refuse(slot, seq);
    this.#onReply(reply);
    if (holding) this.#stop(holding.code);
    this.#onChange();
  }

  async #fail(error, saves) {
    if (HOLDING.has(error.code) || error.status === 401 || error.status === 403) {
      this.#stop(HOLDING.has(error.code) ? error.code : "lease_stale");
    } else if (error.status >= 400 && error.status < 500 && !error.later) {
      this.#isolate(saves);
    } else {
      await this.#rest(error.retryAfterMs ?? 0, error.code === "unreachable" ? LONGEST_WAIT_OFFLINE_MS : LONGEST_WAIT_MS);
    }
  }

  /** A refused batch is sent again one by one, so that a single bad entry never blocks its neighbours. */
  #isolate(saves) {
    if (saves.length === 1) this.#journal.refuse(saves[0].slot, saves[0].seq);
    else this.#batch = 1;
  }

  #stop(code) {
    this.hold();
    this.#onHold(code);
  }

  #rest(atLeastMs, atMostMs) {
    const wait = Math.min(atMostMs, FIRST_WAIT_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#onChange();
    return new Promise((resolve) => {
      const over = window.setTimeout(done, Math.max(atLeastMs, wait * (0.5 + Math.random() / 2)));
      function done() {
        window.clearTimeout(over);
        resolve();
      }
      this.#wake = atLeastMs > 0 ? null : done;
    });
  }
}

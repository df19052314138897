/** The journal of one attempt: every answer goes to IndexedDB before it goes to the server.
 *
 * What is unsaved is derived: an entry is unsaved while its seq is greater than the seq that the server acknowledged for
 * its slot. There is no "dirty" flag that a reload could lose or set wrongly.
 */

import { sleep } from "./dom.js";

const BATCH = 64;

/** Characters of one batch; the server refuses a body much larger than any terminal sends. */
const BATCH_LENGTH = 4000;

/** A disk that answers no sooner must not keep an answer from the server. */
const DISK_PATIENCE_MS = 3000;

/** Holds the newest response per slot, sealed on the disk and open in memory. */
export class Journal {
  #store;
  #keys;
  #attempt;
  #entries = new Map();
  #acked = new Map();
  #refused = new Map();
  #seq = 0;
  #writes = Promise.resolve();

  /** True once the disk has refused an entry; answers then live in memory and on the server only. */
  diskFailed = false;

  constructor(store, keys, attempt) {
    this.#store = store;
    this.#keys = keys;
    this.#attempt = attempt;
  }

  /** Reads what an earlier page left on the disk. */
  async load() {
    this.raise((await this.#store.get("facts", `seq:${this.#attempt}`)) ?? 0);
    for (const { slot, seq, sealed } of await this.#store.rows("journal", this.#attempt)) {
      this.raise(seq);
      const response = await this.#keys.unseal(sealed, this.#label(slot, seq)).catch(() => undefined);
      if (response !== undefined) this.#entries.set(slot, { slot, seq, response, durable: true });
    }
    for (const { slot, seq } of await this.#store.rows("acked", this.#attempt)) {
      this.raise(seq);
      this.#acked.set(slot, seq);
    }
  }

  /** Numbers later entries above `seq`: after a loss of storage the server's highest seq is the floor. */
  raise(seq) {
    this.#seq = Math.max(this.#seq, seq);
  }

  /** Lets the server's own list decide what is acknowledged, and takes over what only the server has. */
  async reconcile(stored) {
    const rows = [];
    this.#acked = new Map(stored.map(({ slot, seq }) => [slot, seq]));
    for (const { slot, seq, response } of stored) {
      this.raise(seq);
      rows.push(["acked", { attempt: this.#attempt, slot, seq }]);
      if ((this.#entries.get(slot)?.seq ?? 0) >= seq) continue;
      this.#entries.set(slot, { slot, seq, response, durable: true });
      rows.push(["journal", { attempt: this.#attempt, slot, seq, sealed: await this.#keys.seal(response, this.#label(slot, seq)) }]);
    }
    await this.#write(rows);
  }

  /** Records a response; resolves when it is on the disk and may be sent. */
  record(slot, response) {
    this.raise(this.#seq + 1);
    const entry = { slot, seq: this.#seq, response, durable: false };
    this.#entries.set(slot, entry);
    this.#writes = this.#writes.then(() => this.#keep(entry));
    return this.#writes;
  }

  /** The next entries to send, oldest first; at least one where any waits. */
  pending(limit = BATCH) {
    const waiting = [...this.#entries.values()].filter((entry) => entry.durable && this.#isUnsaved(entry) && this.#refused.get(entry.slot) !== entry.seq);
    let length = 0;
    return waiting.sort((a, b) => a.seq - b.seq).slice(0, limit).filter((entry, index) => {
      length += JSON.stringify(entry.response).length + 40;
      return index === 0 || length <= BATCH_LENGTH;
    });
  }

  /** Notes what the server has committed. */
  acknowledge(accepted) {
    const rows = [];
    for (const { slot, seq, receipt } of accepted) {
      if (seq <= (this.#acked.get(slot) ?? 0)) continue;
      this.#acked.set(slot, seq);
      rows.push(["acked", { attempt: this.#attempt, slot, seq, receipt }]);
    }
    return this.#write(rows);
  }

  /** Notes that the server will never take this entry, so that it does not block the others; it stays unsaved. */
  refuse(slot, seq) {
    this.#refused.set(slot, seq);
  }

  /** Slots whose newest response the server has not acknowledged. */
  unsaved() {
    return [...this.#entries.values()].filter((entry) => this.#isUnsaved(entry)).map((entry) => entry.slot);
  }

  /** True while an answer is on its way to the disk: only then may anybody be told that it is kept. */
  get isWriting() {
    return [...this.#entries.values()].some((entry) => !entry.durable);
  }

  /** Slots whose newest response the server refused for good. */
  refusedSlots() {
    return [...this.#refused].filter(([slot, seq]) => this.#entries.get(slot)?.seq === seq).map(([slot]) => slot);
  }

  /** The newest response to a slot, or undefined. */
  response(slot) {
    return this.#entries.get(slot)?.response;
  }

  /** True where something is chosen or written. */
  isAnswered(slot) {
    const response = this.response(slot);
    return typeof response === "string" ? response.trim() !== "" : (response?.length ?? 0) > 0;
  }

  /** Everything in the journal, for the emergency package. */
  entries() {
    return [...this.#entries.values()].sort((a, b) => a.seq - b.seq).map(({ slot, seq, response }) => ({ slot, seq, response, acknowledged: (this.#acked.get(slot) ?? 0) >= seq }));
  }

  #isUnsaved({ slot, seq }) {
    return seq > (this.#acked.get(slot) ?? 0);
  }

  #label(slot, seq) {
    return `journal|${this.#attempt}|${slot}|${seq}`;
  }

  async #keep(entry) {
    const { slot, seq, response } = entry;
    try {
      const sealed = await this.#keys.seal(response, this.#label(slot, seq));
      const written = this.#store.write([["journal", { attempt: this.#attempt, slot, seq, sealed }], ["facts", seq, `seq:${this.#attempt}`]]);
      await Promise.race([written, sleep(DISK_PATIENCE_MS).then(() => { throw new Error("disk"); })]);
    } catch {
      this.diskFailed = true;
    }
    entry.durable = true;
  }

  async #write(rows) {
    if (rows.length === 0) return;
    try {
      await this.#store.write(rows);
    } catch {
      this.diskFailed = true;
    }
  }
}

/** One attempt on this terminal: its lease, state, time, messages and answers, told to the pages as events. */

import { Countdown } from "./clock.js";
import { jitter, sleep } from "./dom.js";
import { Journal } from "./journal.js";
import { Saver } from "./saver.js";

const PULSE_MS = 10_000;
const QUICK_PULSE_MS = 3_000;

export const FINISHED = new Set(["submitted", "expired", "scored", "released"]);
const RUNNING = new Set(["in_progress", "paused"]);
const OVER = new Set([...FINISHED, "voided"]);
export const NO_LEASE = new Set(["lease_stale", "lease_invalid", "lease_elsewhere"]);

/** Events: state, tick, level, zero, status, messages, act, locked, reach. */
export class Session extends EventTarget {
  #tools;
  #lease = null;
  #pass = null;
  #messages = new Map();
  #handled = new Set();
  #pulse = null;
  #reconciled = false;
  #acquiring = null;

  state = "created";
  facts = {};
  form = null;
  receipt = null;

  /** What the proctor did last, and the instant of the last act that the candidate has read of. */
  act = null;
  toldAct = 0;

  /** True from the waiting room on: what else belongs to the seat may begin. */
  isSettled = false;

  /** Why answers cannot be changed now: null, "time", "elsewhere" or "handing". */
  locked = null;

  /** How the last call went: "ok", "busy" or "lost". */
  reach = "ok";

  constructor(tools, attempt) {
    super();
    this.#tools = tools;
    this.attempt = attempt;
    this.journal = new Journal(tools.store, tools.keys, attempt);
    this.countdown = new Countdown({
      onTick: (left) => this.#tell("tick", left),
      onLevel: (level) => this.#tell("level", level),
      onZero: () => this.#tell("zero"),
    });
    this.saver = new Saver({
      send: (saves) => tools.api.save(attempt, this.#lease, saves),
      journal: this.journal,
      onChange: () => this.#tell("status"),
      onHold: (code) => this.#held(code),
      onReply: (reply) => this.#heard(reply),
    });
  }

  get lease() { return this.#lease; }

  /** Before admission: what opens the camera's card, and nothing of the exam. */
  get pass() { return this.#pass; }
  get isOver() { return OVER.has(this.state); }

  /** True while the state is polled. */
  get isWatched() { return this.#pulse !== null; }

  /** Reads what an earlier page left: answers, the sealed form and the lease. */
  async load() {
    await this.journal.load();
    this.form = await this.#tools.keys.kept(`form:${this.attempt}`);
    const kept = await this.#tools.keys.kept(`session:${this.attempt}`);
    if (!kept) return;
    this.facts = kept.facts;
    this.#lease = kept.lease;
    this.receipt = kept.receipt;
    this.act = kept.act ?? null;
    this.toldAct = kept.toldAct ?? 0;
    this.state = kept.state;
    if (kept.left_ms !== null && RUNNING.has(kept.state)) {
      const gone = kept.state === "in_progress" ? Math.max(0, Date.now() - kept.told_at) : 0;
      this.countdown.estimate(kept.left_ms - gone, kept.state === "in_progress");
    }
  }

  /** Asks for the lease, signed by this terminal; the same terminal regains it after a crash. */
  acquire() {
    this.#acquiring ??= this.#acquire().finally(() => { this.#acquiring = null; });
    return this.#acquiring;
  }

  /** Starts, or takes up again, and makes the form and the answers ready. */
  async open() {
    const reply = await this.#tools.api.start(this.attempt, this.#lease);
    this.form = reply.form;
    await this.#tools.keys.keep(`form:${this.attempt}`, reply.form).catch(() => {});
    await this.#reconcile();
    this.#take(reply);
    this.watch();
  }

  /** Begins the state poll and sends what is pending. */
  watch() {
    this.#schedule();
    if (this.state === "in_progress") this.saver.release();
  }

  /** Records a response and sends it; what was typed just before a pause or a transfer is kept until sending is allowed. */
  async answer(slot, response) {
    if (this.isOver) return;
    const written = this.journal.record(slot, response);
    this.#tell("status");
    await written;
    this.#tell("status");
    this.saver.poke();
  }

  /** Asks the server how things stand. */
  async poll() {
    const reply = await this.#tools.api.state(this.attempt, this.#lease);
    this.#take(reply);
    if (!this.#reconciled && RUNNING.has(this.state)) await this.#reconcile();
    return reply;
  }

  /** Hands in, by the candidate's will or as the "time_up" of this terminal; the receipt is the same however often it is asked. */
  async submit(cause = "candidate") {
    const answered = this.form.slots.filter(({ slot }) => this.journal.isAnswered(slot)).length;
    this.#take({ state: "submitted", ...(await this.#tools.api.submit(this.attempt, this.#lease, answered, cause)) });
  }

  /** Stops input and says why. */
  lock(reason) {
    this.locked = reason;
    this.#tell("locked", reason);
  }

  /** Opens input again. */
  unlock() {
    this.locked = null;
    this.#tell("locked", null);
  }

  /** Messages that still wait for the candidate. */
  get waitingMessages() {
    return [...this.#messages.values()].filter(({ id }) => !this.#handled.has(id));
  }

  /** Tells the proctor that a message was read; tries until it arrives, from the admission on. */
  async acknowledge(id) {
    this.#handled.add(id);
    this.#tell("messages");
    for (let tries = 0; tries < 60; tries += 1) {
      while (!this.#lease && !this.isOver) await sleep(jitter(3000));
      try {
        await this.#tools.api.acknowledge(this.attempt, this.#lease, id);
        return;
      } catch (error) {
        if (!error.later) return;
        await sleep(jitter(3000));
      }
    }
  }

  /** Notes that the candidate has read of the last act. */
  tellAct() {
    this.toldAct = this.act?.at ?? 0;
    this.#remember();
  }

  raiseHand() { return this.#tools.api.raiseHand(this.attempt, this.#lease); }
  result() { return this.#tools.api.result(this.attempt, this.#lease); }

  /** Leaves the attempt: no more polls or ticks. */
  close() {
    window.clearTimeout(this.#pulse);
    this.#pulse = null;
    this.countdown.stop();
    this.saver.hold();
  }

  /** Hears how a call went; when the network is back, everything is sent at once. */
  heardReach(reach) {
    const before = this.reach;
    this.reach = reach;
    if (reach !== before) this.#tell("reach", reach);
    if (before === "lost" && reach === "ok") this.hurry();
  }

  /** The network is back, or the page is seen again: ask now. */
  hurry() {
    this.saver.hurry();
    if (this.#pulse !== null) this.#schedule(100);
  }

  async #acquire() {
    const { api, keys, clock, terminal } = this.#tools;
    const nonce = keys.nonce(clock.now());
    const signature = await keys.sign("lease", this.attempt, terminal.id, nonce);
    try {
      const reply = await api.lease(this.attempt, { terminal_id: terminal.id, nonce, signature });
      this.#lease = reply.lease ?? this.#lease;
      this.#pass = reply.waiting_pass ?? null;
      if (this.locked === "elsewhere") this.unlock();
      for (const seq of Object.values(reply.seq_high ?? {})) this.journal.raise(seq);
      const { candidate, room, seat, qualification, starts_at, duration_s, epoch } = reply;
      this.facts = { ...this.facts, candidate, room, seat, qualification, starts_at, duration_s, epoch };
      this.#take(reply);
      return reply;
    } catch (error) {
      if (error.code === "lease_elsewhere") this.#elsewhere();
      throw error;
    }
  }

  #elsewhere() {
    this.saver.hold();
    if (this.locked !== "elsewhere") this.lock("elsewhere");
    if (this.#pulse !== null) this.#schedule(QUICK_PULSE_MS);
  }

  async #reconcile() {
    const { responses } = await this.#tools.api.responses(this.attempt, this.#lease);
    await this.journal.reconcile(responses);
    this.#reconciled = true;
  }

  #schedule(delay) {
    window.clearTimeout(this.#pulse);
    const usual = this.state === "in_progress" && !this.locked ? PULSE_MS : QUICK_PULSE_MS;
    this.#pulse = window.setTimeout(() => this.#beat(), delay ?? jitter(usual));
  }

  async #beat() {
    try {
      if (this.locked === "elsewhere") await this.acquire();
      else await this.poll();
    } catch (error) {
      if (NO_LEASE.has(error.code) && this.locked !== "elsewhere") await this.acquire().catch(() => {});
    }
    if (this.#pulse !== null && !this.isOver) this.#schedule();
  }

  #heard(reply) {
    this.#take(reply);
    if (this.#pulse !== null && Number.isInteger(reply.messages)) this.#schedule(reply.messages > 0 ? 100 : undefined);
  }

  #held(code) {
    this.#tell("status");
    if (NO_LEASE.has(code)) this.acquire().then(() => this.saver.release(), (error) => { if (error.later) this.#retryLease(); });
    else if (this.#pulse !== null) this.#schedule(code === "deadline_passed" ? 500 : 100);
  }

  async #retryLease() {
    await sleep(jitter(2000));
    this.#held("lease_stale");
  }

  #take(reply) {
    const before = this.state;
    this.state = reply.state ?? this.state;
    if (typeof reply.remaining_ms === "number" && RUNNING.has(this.state)) {
      this.countdown.sync(reply.remaining_ms, reply.latency_ms, this.state === "in_progress");
    }
    if (Number.isInteger(reply.starts_at)) this.facts = { ...this.facts, starts_at: reply.starts_at };
    if (Array.isArray(reply.messages)) for (const message of reply.messages) this.#messages.set(message.id, message);
    const isNewAct = Boolean(reply.act) && reply.act.at !== this.act?.at;
    this.act = reply.act ?? this.act;
    if (reply.receipt_code) {
      const { submitted_at, answered, receipt_code, digest } = reply;
      this.receipt = { submitted_at, answered, receipt_code, digest };
    }
    if (this.isOver) this.close();
    else if (this.state === "in_progress" && (before === "paused" || !this.locked)) this.saver.release();
    else if (this.state === "paused") this.saver.hold();
    this.#remember();
    this.#tell("messages");
    if (isNewAct) this.#tell("act");
    if (this.state !== before) this.#tell("state", this.state);
    if (this.state !== before && this.#pulse !== null && !this.isOver) this.#schedule();
  }

  #remember() {
    const { facts, receipt, state, act, toldAct } = this;
    const kept = { facts, receipt, state, act, toldAct, lease: this.#lease, left_ms: this.countdown.left(), told_at: Date.now() };
    this.#tools.keys.keep(`session:${this.attempt}`, kept).catch(() => {});
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

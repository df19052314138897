/** The exam itself: one item at a time, the answer card, the time and the status line. */

import { AMBER_MS, RED_MS, span } from "./clock.js";
import { announce, button, h, icon, mount, openDialog } from "./dom.js";
import { openHandIn, showSending, timeUp } from "./handin.js";
import { choices, MessageCards, StatusLine, tellActs, toggleHelp, why } from "./help.js";
import { ItemView } from "./item.js";
import { listenToKeys } from "./keyboard.js";
import { readyAreas } from "./kinds.js";
import { Navigator } from "./navigator.js";
import { stage } from "./stage.js";
import { word } from "./words.js";

const SIZES = ["normal", "large", "huge"];
const HAND_MS = 60_000;

/** Draws the exam of a session and lives until the attempt is over. */
export class ExamPage {
  #tools;
  #session;
  #slots;
  #at = 0;
  #flags = new Set();
  #size = SIZES[0];
  #away = null;
  #ending = false;
  #listening = [];

  constructor(tools, session) {
    this.#tools = tools;
    this.#session = session;
    this.#slots = session.form.slots;
  }

  /** Shows the exam; resolves when the attempt is over. */
  async run() {
    await readyAreas(this.#slots, () => stage({ title: word("regain.title"), picture: "sync" }));
    await this.#recall();
    this.#build();
    const over = new Promise((resolve) => {
      this.#listen("state", () => { this.#paintState(); if (this.#session.isOver) resolve(); });
      if (this.#session.isOver) resolve();
    });
    this.#show(this.#at, false);
    this.#paintState();
    this.#paintLock();
    if (this.#session.countdown.isUp) this.#timeUp();
    await over;
    this.#close();
  }

  async #recall() {
    const view = (await this.#tools.store.get("facts", `view:${this.#session.attempt}`).catch(() => null)) ?? {};
    this.#at = Math.min(view.at ?? 0, this.#slots.length - 1);
    this.#flags = new Set(view.flags ?? []);
    this.#size = view.size ?? SIZES[0];
  }

  #remember() {
    const view = { at: this.#at, flags: [...this.#flags], size: this.#size };
    this.#tools.store.put("facts", view, `view:${this.#session.attempt}`).catch(() => {});
  }

  #build() {
    const session = this.#session;
    this.item = new ItemView((slot, response) => session.answer(slot, response));
    this.card = new Navigator(session.form, { onGo: (slot) => this.#go(slot), onHandIn: () => this.#handIn() });
    this.hand = button(word("hand"), { kind: "small", picture: "hand", on: { click: () => this.#raiseHand() } });
    const help = button(word("help"), { kind: "small", picture: "help", on: { click: () => toggleHelp(this.#tools, session) } });
    this.status = new StatusLine(session, this.#tools.api.raiseHand ? [this.hand, help] : [help]);
    this.notices = h("div", {});
    this.root = h("div", { class: "exam", "data-size": this.#size }, this.#head(), this.status.bar, this.notices, this.#lockBar(), this.#body(), this.card.shade, this.status.node);
    this.pause = this.#pausePage();
    mount(this.root, this.pause);
    this.cards = new MessageCards(session);
    this.untell = tellActs(session, this.notices);
    this.#listen("act", () => this.#paintWhy());
    this.#listen("tick", () => this.#paintTime());
    this.#listen("level", ({ detail }) => announce(word(`timer.${detail}.say`), true));
    this.#listen("status", () => this.#paintCard());
    this.#listen("locked", () => this.#paintLock());
    this.#listen("zero", () => this.#timeUp());
    this.unlisten = listenToKeys({
      choose: (index) => this.item.choose(index),
      chooseLabel: (letter) => this.item.chooseLabel(letter),
      move: (step) => this.#show(this.#at + step, true),
      flag: () => this.#toggleFlag(),
      help: () => toggleHelp(this.#tools, session),
      hand: () => this.#tools.api.raiseHand && this.#raiseHand(),
    });
    this.#paintTime();
  }

  #head() {
    const { candidate, seat } = this.#session.facts;
    this.timer = h("div", { class: "timer", role: "timer", "aria-live": "off" });
    const fact = (key, value) => value && h("span", { class: `head-${key}`, text: value });
    return h("header", { class: "exam-head" },
      h("h1", { class: "exam-title", tabindex: "-1", text: this.#session.form.title }),
      h("p", { class: "head-facts" }, fact("name", candidate?.name_masked), fact("id", candidate?.id_masked), fact("seat", seat && word("seat", { seat }))),
      this.timer);
  }

  #lockBar() {
    this.lockBar = h("div", { class: "lock-bar", role: "alert", hidden: true });
    return this.lockBar;
  }

  #body() {
    this.flag = button(word("flag"), { kind: "small flag-button", picture: "flag", "aria-pressed": "false", on: { click: () => this.#toggleFlag() } });
    const sizes = choices(word("size"), SIZES, this.#size, (name) => word(`size.${name}`), (name) => this.#setSize(name), (name) => `size-${name}`);
    this.previous = button(word("previous"), { kind: "plain", picture: "left", on: { click: () => this.#show(this.#at - 1, false) } });
    this.next = button(word("item.next"), { kind: "chief", after: "right", on: { click: () => this.#show(this.#at + 1, false) } });
    const openCard = button(word("nav.title"), { kind: "plain open-card", picture: "grid", id: "open-card", on: { click: () => this.card.open(this.#slots[this.#at].slot) } });
    const tools = h("div", { class: "item-head" }, this.item.title, h("div", { class: "item-tools" }, this.flag, sizes));
    return h("div", { class: "exam-body" },
      h("main", { class: "paper", id: "main" }, tools, this.item.node, h("div", { class: "turn" }, this.previous, openCard, this.next)),
      this.card.node);
  }

  #pausePage() {
    this.pauseLeft = h("p", { class: "pause-left" });
    this.pauseWhy = why(this.#session, "paused");
    return h("section", { class: "pause", role: "alert", hidden: true },
      icon("pause"), h("h2", { text: word("pause.title") }), this.pauseWhy, h("p", { text: word("pause.lead") }), this.pauseLeft);
  }

  #paintWhy() {
    const node = why(this.#session, "paused");
    this.pauseWhy.replaceWith(node);
    this.pauseWhy = node;
  }

  #go(slot) {
    this.#show(this.#slots.findIndex((each) => each.slot === slot), true);
  }

  #show(index, focus) {
    if (index < 0 || index >= this.#slots.length) return;
    this.#at = index;
    const slot = this.#slots[index];
    this.item.show(slot, this.#slots.length, this.#session.journal.response(slot.slot));
    this.item.setLocked(this.#session.locked !== null);
    this.previous.disabled = index === 0;
    this.next.disabled = index === this.#slots.length - 1;
    if (focus) this.item.title.focus({ preventScroll: true });
    else announce(this.item.title.textContent);
    if (window.scrollY > 0) window.scrollTo(0, 0);
    this.item.node.scrollTop = 0;
    this.#paintCard();
    this.card.reveal(slot.slot);
    this.#remember();
  }

  #toggleFlag() {
    const { slot } = this.#slots[this.#at];
    if (!this.#flags.delete(slot)) this.#flags.add(slot);
    announce(word(this.#flags.has(slot) ? "flag.on" : "flag.off", { slot }));
    this.#paintCard();
    this.#remember();
  }

  #setSize(name) {
    this.#size = name;
    this.root.dataset.size = name;
    this.#remember();
  }

  #stateOf(slot, unsaved) {
    return { answered: this.#session.journal.isAnswered(slot), flagged: this.#flags.has(slot), kept: unsaved.has(slot) };
  }

  #paintCard() {
    const unsaved = new Set(this.#session.reach === "ok" ? [] : this.#session.journal.unsaved());
    const { slot } = this.#slots[this.#at];
    this.card.paint((each) => this.#stateOf(each, unsaved), slot);
    const flagged = this.#flags.has(slot);
    this.flag.setAttribute("aria-pressed", String(flagged));
    this.flag.lastChild.textContent = word(flagged ? "flag.undo" : "flag");
  }

  #paintTime() {
    const left = this.#session.countdown.left();
    if (left === null) return;
    const level = left <= RED_MS ? "red" : left <= AMBER_MS ? "amber" : "";
    const { synced } = this.#session.countdown;
    this.timer.className = `timer ${level}`;
    const words = [synced ? word("timer.left") : word("timer.about"), level && word(`timer.${level}`)].filter(Boolean);
    this.timer.replaceChildren(icon(level ? "warn" : "clock"), h("span", { class: "timer-words" }, words.map((text) => h("span", { text }))), h("b", { text: span(this.#session.locked === "time" ? 0 : left) }));
    this.pauseLeft.textContent = word("pause.left", { time: span(left) });
  }

  #paintState() {
    const paused = this.#session.state === "paused";
    this.pause.hidden = !paused;
    this.root.hidden = paused;
    if (paused) for (const player of this.root.querySelectorAll("audio")) player.pause();
    for (const dialog of document.querySelectorAll("dialog.handin, dialog.help")) if (paused) dialog.close();
    if (!paused) this.#paintCard();
  }

  #paintLock() {
    const { locked } = this.#session;
    this.item.setLocked(locked !== null);
    this.#paintTime();
    this.card.handIn.disabled = locked !== null;
    this.lockBar.hidden = locked !== "elsewhere";
    if (locked === "elsewhere") this.lockBar.replaceChildren(icon("stop"), h("p", { text: this.#elsewhereWords() }));
    if (locked === "time" && !this.#away) {
      for (const dialog of document.querySelectorAll("dialog.handin, dialog.help")) dialog.close();
      this.#away = showSending(this.#tools, this.#session, word("time.title"));
    }
    if (locked !== "time") {
      this.#away?.();
      this.#away = null;
    }
  }

  async #timeUp() {
    if (this.#ending) return;
    this.#ending = true;
    this.item.flushTyping();
    const goesOn = await timeUp(this.#session);
    this.#ending = false;
    if (goesOn && this.#session.state === "in_progress") this.#announceExtension();
  }

  #elsewhereWords() {
    const n = this.#session.journal.unsaved().length;
    return word("elsewhere.bar") + (n > 0 ? ` ${word("elsewhere.kept", { n })}` : "");
  }

  #announceExtension() {
    announce(word("time.extended"), true);
    const ok = button(word("time.goon"), { kind: "chief", on: { click: () => dialog.close() } });
    const dialog = openDialog(h("dialog", { class: "dialog extension" }, h("h2", {}, icon("clock"), h("span", { text: word("time.extended") })), h("div", { class: "actions" }, ok)));
  }

  #handIn() {
    if (this.#session.locked) return;
    this.item.flushTyping();
    const slots = this.#slots.map(({ slot }) => slot);
    const answered = slots.filter((slot) => this.#session.journal.isAnswered(slot));
    const counts = { answered, flagged: slots.filter((slot) => this.#flags.has(slot)), unanswered: slots.filter((slot) => !answered.includes(slot)) };
    this.card.close();
    openHandIn(this.#tools, this.#session, counts, (slot) => this.#go(slot));
  }

  async #raiseHand() {
    const say = (key) => { this.hand.lastChild.textContent = word(key); announce(word(key)); };
    this.hand.disabled = true;
    try {
      await this.#session.raiseHand();
      say("hand.up");
      window.setTimeout(() => { this.hand.disabled = false; this.hand.lastChild.textContent = word("hand"); }, HAND_MS);
    } catch {
      say("hand.failed");
      this.hand.disabled = false;
    }
  }

  #listen(name, handler) {
    this.#session.addEventListener(name, handler);
    this.#listening.push([name, handler]);
  }

  #close() {
    this.#away?.();
    this.unlisten();
    this.cards.close();
    this.untell();
    this.status.close();
    for (const [name, handler] of this.#listening) this.#session.removeEventListener(name, handler);
    for (const dialog of document.querySelectorAll("dialog.handin, dialog.help, dialog.extension")) dialog.close();
  }
}

/** The end: the summary and the button that is held, the hand-in itself, the receipt. */

import { timeOfDay } from "./clock.js";
import { button, closeDialog, h, icon, jitter, openDialog, sleep } from "./dom.js";
import { why } from "./help.js";
import { packageButton } from "./keys.js";
import { NO_LEASE } from "./session.js";
import { stage } from "./stage.js";
import { failure, word } from "./words.js";

const HOLD_MS = 1500;
const STEP_MS = 30;

/** Makes the button; `onHeld` runs once it was held long enough by pointer, Space or Enter. */
export function holdButton(label, hint, onHeld) {
  const fill = h("span", { class: "hold-fill", "aria-hidden": "true" });
  const words = h("span", { class: "hold-words" }, icon("shield"), h("span", { text: label }));
  const element = h("button", { type: "button", class: "button hold", "aria-describedby": "hold-hint" }, fill, words);
  const note = h("p", { class: "hint", id: "hold-hint", role: "status", text: hint });
  let since = null;
  let timer = null;

  const release = () => {
    window.clearInterval(timer);
    since = null;
    fill.style.setProperty("transform", "scaleX(0)");
  };
  const grow = () => {
    const share = Math.min(1, (performance.now() - since) / HOLD_MS);
    fill.style.setProperty("transform", `scaleX(${share})`);
    if (share < 1) return;
    release();
    element.disabled = true;
    onHeld();
  };
  const press = () => {
    if (since !== null || element.disabled) return;
    since = performance.now();
    timer = window.setInterval(grow, STEP_MS);
  };
  const isKey = (event) => event.key === " " || event.key === "Enter";

  element.addEventListener("pointerdown", (event) => { if (event.button === 0) press(); });
  for (const name of ["pointerup", "pointerleave", "pointercancel", "blur"]) element.addEventListener(name, release);
  element.addEventListener("keydown", (event) => {
    if (!isKey(event)) return;
    event.preventDefault();
    if (!event.repeat) press();
  });
  element.addEventListener("keyup", (event) => { if (isKey(event)) { event.preventDefault(); release(); } });
  element.addEventListener("contextmenu", (event) => event.preventDefault());
  return { element, note };
}

const SPREAD_MS = 2_000;
const FLUSH_MS = 6_000;
const NEARLY_MS = 2_000;
const RETRY_MS = 1_500;

/** After a failed call: regain the lease where that is the trouble, and wait a little. */
async function recover(session, error) {
  if (error.code === "attempt_finalised") await session.poll().catch(() => {});
  else if (NO_LEASE.has(error.code)) await session.acquire().catch(() => {});
  if (!session.isOver) await sleep(jitter(RETRY_MS));
}

/** Sends what is unsaved, then hands in; goes on until the server has both, or the state no longer allows it. */
export async function handIn(session) {
  session.lock("handing");
  while (!session.isOver && session.locked === "handing") {
    try {
      if (await session.saver.flush(FLUSH_MS)) await session.submit();
      else await session.poll();
    } catch (error) {
      await recover(session, error);
    }
    if (session.state === "paused") session.unlock();
  }
}

/** At zero: send, ask, and hand in only when the server agrees that the time is over; answers whether the exam goes on. */
export async function timeUp(session) {
  if (session.locked === null) session.lock("time");
  await session.saver.flush(FLUSH_MS);
  await sleep(SPREAD_MS * Math.random());
  while (!session.isOver && session.locked !== "elsewhere") {
    try {
      const { state, remaining_ms } = await session.poll();
      if (state === "paused" || remaining_ms > NEARLY_MS) return goOn(session);
      if (remaining_ms > 0) await sleep(remaining_ms + 100);
      else if (state === "in_progress") await session.submit("time_up");
    } catch (error) {
      await recover(session, error);
    }
  }
  return false;
}

function goOn(session) {
  if (session.locked === "time") session.unlock();
  session.saver.release();
  return true;
}

const FEW = 60;

function figure(kind, picture, label, count) {
  return h("div", { class: `figure ${kind}` }, icon(picture), h("b", { text: String(count) }), h("span", { text: label }));
}

function links(title, slots, go) {
  if (slots.length === 0) return null;
  const link = (slot) => h("button", { type: "button", class: "slot-link", "aria-label": word("handin.go", { slot }), text: String(slot), on: { click: () => go(slot) } });
  const rest = slots.length - FEW;
  return h("div", { class: "slot-links" }, h("h3", { text: title }), h("div", {}, slots.slice(0, FEW).map(link), rest > 0 && h("span", { text: word("handin.more", { n: rest }) })));
}

/** Opens the summary; `counts` tells answered, flagged and unanswered slots, `go(slot)` shows one of them. */
export function openHandIn(tools, session, counts, go) {
  const { answered, flagged, unanswered } = counts;
  const leave = (slot) => { closeDialog(dialog); go(slot); };
  const back = button(word("handin.back"), { kind: "plain", on: { click: () => closeDialog(dialog) } });
  const { element: hold, note } = holdButton(word("handin.hold"), word("handin.hint"), () => send(tools, session, dialog));
  const sentence = unanswered.length > 0 ? word("handin.open", { n: unanswered.length }) : word("handin.complete");
  const dialog = h("dialog", { class: "dialog handin", "aria-labelledby": "handin-title" },
    h("h2", { id: "handin-title" }, icon("shield"), h("span", { text: word("handin.title") })),
    h("p", { class: unanswered.length > 0 ? "handin-words open" : "handin-words", text: sentence }),
    h("div", { class: "figures" }, figure("answered", "check", word("answered"), answered.length), figure("flagged", "flag", word("flagged"), flagged.length), figure("unanswered", "blank", word("unanswered"), unanswered.length)),
    links(word("handin.unanswered"), unanswered, leave), links(word("handin.flagged"), flagged, leave),
    note, h("div", { class: "actions" }, back, hold));
  openDialog(dialog);
  back.focus();
  return dialog;
}

/** Shows that the answers are on their way, in words that stay true while the network is away. */
export function showSending(tools, session, title) {
  const state = h("p", { class: "sending-words", role: "status" });
  const parcel = h("div", { class: "actions", hidden: true }, packageButton(tools, session));
  const dialog = h("dialog", { class: "dialog sending", "aria-label": title }, h("span", { class: "pulse large" }), h("h2", { text: title }), state, parcel);
  const update = () => {
    const waiting = session.journal.unsaved().length;
    const key = session.reach === "lost" ? "sending.offline" : waiting > 0 ? "sending.left" : "sending.asking";
    const sentence = word(key, { n: waiting });
    parcel.hidden = session.reach !== "lost";
    if (state.textContent !== sentence) state.textContent = sentence;
  };
  for (const name of ["status", "reach"]) session.addEventListener(name, update);
  update();
  openDialog(dialog, { closable: false });
  return () => {
    for (const name of ["status", "reach"]) session.removeEventListener(name, update);
    closeDialog(dialog);
  };
}

async function send(tools, session, summary) {
  closeDialog(summary);
  const away = showSending(tools, session, word("sending.title"));
  try {
    await handIn(session);
  } catch (error) {
    const { sentence, code } = failure(error);
    const ok = button(word("close"), { kind: "chief", on: { click: () => closeDialog(dialog) } });
    const dialog = openDialog(h("dialog", { class: "dialog" }, h("h2", {}, icon("warn"), h("span", { text: sentence })), h("p", { class: "code", text: code }), h("div", { class: "actions" }, ok)));
  } finally {
    away();
  }
}

const RESULT_POLL_MS = 10_000;
const DAY = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", year: "numeric", month: "2-digit", day: "2-digit" });
const OUTCOME_PICTURES = { passed: "check", failed: "cross", theory_passed_practical_outstanding: "check" };

function marks(hundredths) {
  return String(hundredths / 100);
}

function resultCard({ marks: got, pass_marks: needed, outcome, text }) {
  const known = outcome in OUTCOME_PICTURES;
  return [
    h("p", { class: "result-word" }, icon(OUTCOME_PICTURES[outcome] ?? "book"), h("span", { text: known ? word(`result.${outcome}`) : outcome })),
    h("p", { class: "result-marks" }, h("b", { text: marks(got) }), h("span", { text: word("result.marks", { needed: marks(needed) }) })),
    text && h("p", { class: "result-text", text }),
  ].filter(Boolean);
}

async function watchResult(session, box, isLeft) {
  while (!isLeft()) {
    try {
      const reply = await session.result();
      if (reply.released) {
        box.className = `result ${reply.outcome}`;
        box.replaceChildren(...resultCard(reply));
        return;
      }
    } catch (error) {
      if (!error.later) return;
    }
    await sleep(jitter(RESULT_POLL_MS));
  }
}

function proof(session) {
  const { submitted_at, answered, receipt_code, digest } = session.receipt;
  const line = (key, value) => h("div", {}, h("dt", { text: word(key) }), h("dd", { text: value }));
  const total = session.form?.slots.length;
  const code = h("img", { class: "receipt-qr", src: `/api/receipts/${receipt_code}.svg`, alt: word("receipt.qr"), width: "176", height: "176" });
  code.addEventListener("error", () => { code.hidden = true; });
  return h("div", { class: "receipt" },
    h("dl", { class: "facts" },
      line("receipt.time", `${DAY.format(submitted_at)} ${timeOfDay(submitted_at)}`),
      line("receipt.answered", total ? word("receipt.of", { answered, total }) : String(answered)),
      h("div", { class: "receipt-code" }, h("dt", { text: word("receipt.code") }), h("dd", { id: "receipt-code", text: receipt_code })),
      h("div", { class: "digest" }, h("dt", { text: word("receipt.digest") }), h("dd", { text: digest }))),
    code);
}

/** Waits for a held button that clears this screen for the next candidate. */
function leaving() {
  let done;
  const left = new Promise((resolve) => { done = resolve; });
  const { element, note } = holdButton(word("leave"), word("leave.hint"), () => done());
  return { left, nodes: [note, h("div", { class: "actions" }, element)] };
}

/** Shows the receipt of a finished attempt until the candidate leaves. */
export async function receiptPage(tools, session) {
  const title = session.act?.act === "ended" ? "receipt.ended" : session.state === "expired" ? "receipt.expired" : "receipt.title";
  const lost = session.journal.unsaved().length;
  const result = h("div", { class: "result wait", role: "status" }, icon("clock"), h("span", { text: word("result.wait") }));
  const { left, nodes } = leaving();
  let isLeft = false;
  stage({ title: word(title), lead: word("receipt.lead"), picture: "check", tone: "finished", place: tools.terminal.place, language: false },
    why(session, "ended"),
    lost > 0 && h("div", { class: "trouble" }, icon("warn"), h("p", { text: word("receipt.late", { n: lost }) })),
    session.receipt ? proof(session) : h("p", { text: word("receipt.missing") }), result, ...nodes);
  watchResult(session, result, () => isLeft);
  await left;
  isLeft = true;
}

/** Shows that the attempt was ended by the desk. */
export async function voidedPage(tools, session) {
  const { left, nodes } = leaving();
  stage({ title: word("voided.title"), lead: word("voided.lead"), picture: "stop", tone: "stopped", place: tools.terminal.place, language: false }, why(session, "voided"), ...nodes);
  await left;
}

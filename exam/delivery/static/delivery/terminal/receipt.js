/** After the end: the receipt, the result once it is released, and leaving the seat; voided attempts have their own words. */

import { timeOfDay } from "./clock.js";
import { h, icon, jitter, sleep } from "./dom.js";
import { holdButton } from "./hold.js";
import { stage } from "./stage.js";
import { word } from "./words.js";

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
  const expired = session.state === "expired";
  const lost = session.journal.unsaved().length;
  const result = h("div", { class: "result wait", role: "status" }, icon("clock"), h("span", { text: word("result.wait") }));
  const { left, nodes } = leaving();
  let isLeft = false;
  stage({ title: word(expired ? "receipt.expired" : "receipt.title"), lead: word("receipt.lead"), picture: "check", tone: "finished", place: tools.terminal.place, language: false },
    lost > 0 && h("div", { class: "trouble" }, icon("warn"), h("p", { text: word("receipt.late", { n: lost }) })),
    session.receipt ? proof(session) : h("p", { text: word("receipt.missing") }), result, ...nodes);
  watchResult(session, result, () => isLeft);
  await left;
  isLeft = true;
}

/** Shows that the attempt was ended by the desk. */
export async function voidedPage(tools) {
  const { left, nodes } = leaving();
  stage({ title: word("voided.title"), lead: word("voided.lead"), picture: "stop", tone: "stopped", place: tools.terminal.place, language: false }, ...nodes);
  await left;
}

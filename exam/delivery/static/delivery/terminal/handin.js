/** Handing in: a summary with links to what is open, then a button to hold. */

import { button, closeDialog, h, icon, openDialog } from "./dom.js";
import { handIn } from "./ending.js";
import { holdButton } from "./hold.js";
import { packageButton } from "./parcel.js";
import { failure, word } from "./words.js";

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

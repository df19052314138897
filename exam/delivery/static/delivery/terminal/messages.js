/** Messages from the proctor: one that needs acknowledging is a card, another one is a quiet line. */

import { timeOfDay } from "./clock.js";
import { announce, button, closeDialog, h, icon, openDialog } from "./dom.js";
import { word } from "./words.js";

/** Shows the messages of a session while it lives; `lines` is the page's place for quiet ones. */
export class MessageCards {
  #session;
  #lines;
  #shown = new Map();
  #update = () => this.#show();

  constructor(session, lines) {
    this.#session = session;
    this.#lines = lines;
    session.addEventListener("messages", this.#update);
    this.#show();
  }

  /** Stops showing; what was not acknowledged comes again with the next page. */
  close() {
    this.#session.removeEventListener("messages", this.#update);
    for (const node of this.#shown.values()) this.#away(node);
    this.#shown.clear();
  }

  #show() {
    for (const message of this.#session.waitingMessages) {
      if (this.#shown.has(message.id)) continue;
      const node = message.needs_ack ? this.#card(message) : this.#line(message);
      this.#shown.set(message.id, node);
    }
  }

  #done(message) {
    this.#away(this.#shown.get(message.id));
    this.#session.acknowledge(message.id);
  }

  #away(node) {
    if (node.tagName === "DIALOG") closeDialog(node);
    else node.remove();
  }

  #card(message) {
    const read = button(word("message.read"), { kind: "chief", on: { click: () => this.#done(message) } });
    const dialog = h("dialog", { class: "dialog message", "aria-labelledby": `message-${message.id}`, "aria-describedby": `text-${message.id}` },
      h("h2", { id: `message-${message.id}` }, icon("mail"), h("span", { text: word("message.title") })),
      h("p", { class: "message-text", id: `text-${message.id}`, text: message.text }),
      h("p", { class: "hint", text: word("message.sent", { time: timeOfDay(message.sent_at) }) }),
      h("div", { class: "actions" }, read));
    openDialog(dialog, { closable: false });
    announce(word("message.title"), true);
    return dialog;
  }

  #line(message) {
    const close = button(word("close"), { kind: "small", on: { click: () => this.#done(message) } });
    const line = h("div", { class: "notice", role: "status" }, icon("mail"), h("p", { text: word("message.line", { text: message.text }) }), close);
    this.#lines.append(line);
    return line;
  }
}

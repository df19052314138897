/** Beside the exam: help, messages of the proctor, the line that tells where the answers are. */

import { timeOfDay } from "./clock.js";
import { announce, button, closeDialog, h, icon, openDialog } from "./dom.js";
import { packageButton } from "./keys.js";
import { word } from "./words.js";

const KEYS = [[["1", "2", "A", "D"], "help.choose"], [["←", "→"], "help.move"], [["F"], "help.flag"], [["F2"], "help.hand"], [["F1"], "help.help"], [["Tab"], "help.tab"]];
const THEMES = ["auto", "light", "dark", "contrast"];

/** Takes a theme: light, dark or high contrast by wish, else as the system has it. */
export function setTheme(theme) {
  if (theme !== "auto" && THEMES.includes(theme)) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

/** A row of choices of which one holds. */
export function choices(label, names, present, wordOf, onChoose, classOf = () => "") {
  const group = h("div", { class: "choices", role: "group", "aria-label": label });
  const choose = (name) => {
    for (const each of group.children) each.setAttribute("aria-pressed", String(each.dataset.name === name));
    onChoose(name);
  };
  for (const name of names) {
    group.append(h("button", { type: "button", class: `choice ${classOf(name)}`, "data-name": name, "aria-pressed": String(name === present), "aria-label": wordOf(name), text: classOf(name) ? "A" : wordOf(name), on: { click: () => choose(name) } }));
  }
  return group;
}

/** Opens the card, or closes it when it is open. */
export function toggleHelp(tools, session) {
  const open = document.getElementById("help");
  if (open) { closeDialog(open); return; }
  const known = KEYS.filter(([keys]) => tools.api.raiseHand || keys[0] !== "F2"); // at home nobody would come
  const rows = known.map(([keys, text]) => h("div", {}, h("dt", {}, keys.map((key) => h("kbd", { class: "key", text: key }))), h("dd", { text: word(text) })));
  const signs = [["good", "check", "help.saved"], ["fair", "disk", "help.kept"], ["bad", "nonet", "help.lost"]].map(([level, picture, text]) => h("li", { class: level }, icon(picture), h("span", { text: word(text) })));
  const theme = choices(word("theme"), THEMES, document.documentElement.dataset.theme ?? "auto", (name) => word(`theme.${name}`), (name) => { setTheme(name); tools.store.put("facts", name, "theme").catch(() => {}); });
  const close = button(word("close"), { kind: "chief", on: { click: () => closeDialog(dialog) } });
  const dialog = h("dialog", { class: "dialog help", id: "help", "aria-labelledby": "help-title" },
    h("h2", { id: "help-title" }, icon("help"), h("span", { text: word("help.title") })),
    h("dl", { class: "keys" }, rows), h("ul", { class: "signs" }, signs),
    h("div", { class: "theme" }, h("span", { text: word("theme") }), theme),
    session.journal.unsaved().length > 0 && packageButton(tools, session),
    h("div", { class: "actions" }, close));
  openDialog(dialog);
  close.focus();
}

/** Shows the messages of a session while it lives. */
export class MessageCards {
  #session;
  #shown = new Map();
  #update = () => this.#show();

  constructor(session) {
    this.#session = session;
    session.addEventListener("messages", this.#update);
    this.#show();
  }

  /** Stops showing; what was not acknowledged comes again with the next page. */
  close() {
    this.#session.removeEventListener("messages", this.#update);
    for (const card of this.#shown.values()) closeDialog(card);
    this.#shown.clear();
  }

  #show() {
    for (const message of this.#session.waitingMessages) {
      if (!this.#shown.has(message.id)) this.#shown.set(message.id, this.#card(message));
    }
  }

  #done(message) {
    closeDialog(this.#shown.get(message.id));
    this.#session.acknowledge(message.id);
  }

  /** Who speaks, and about what. */
  #title(message) {
    return [word("message.title"), reasonWords("messaged", message.reason)].filter(Boolean).join(" · ");
  }

  #card(message) {
    const read = button(word("message.read"), { kind: "chief", on: { click: () => this.#done(message) } });
    const dialog = h("dialog", { class: "dialog message", "aria-labelledby": `message-${message.id}`, "aria-describedby": `text-${message.id}` },
      h("h2", { id: `message-${message.id}` }, icon("mail"), h("span", { text: this.#title(message) })),
      h("p", { class: "message-text", id: `text-${message.id}`, text: reasonWords("ready", message.ready) ?? message.text }),
      h("p", { class: "hint", text: word("message.sent", { time: timeOfDay(message.sent_at) }) }),
      h("div", { class: "actions" }, read));
    openDialog(dialog, { closable: false });
    announce(this.#title(message), true);
    return dialog;
  }
}

function reasonWords(act, reason) {
  return document.querySelector(`[data-reason="${CSS.escape(`${act}/${reason}`)}"]`)?.textContent;
}

function whyOf({ act, reason }) {
  const words = reasonWords(act, reason);
  return words ? word("act.why", { reason: words }) : "";
}

/** Returns a paragraph that says why, hidden unless the last act was this one and its reason has words. */
export function why({ act }, name) {
  const text = act?.act === name ? whyOf(act) : "";
  return h("p", { class: "why", hidden: text === "", text });
}

/** Says in a quiet line, until it is closed, that time was given or the exam moved here; returns how to stop. */
export function tellActs(session, lines) {
  let line = null;
  const show = () => {
    const { act, toldAct } = session;
    const key = { extended: "act.extended", transferred: "act.transferred" }[act?.act];
    if (!key || act.at <= toldAct) return;
    const text = word(key, { n: Math.round(act.extension_ms / 60_000), why: whyOf(act) });
    const close = button(word("close"), { kind: "small", on: { click: () => { session.tellAct(); line.remove(); } } });
    line?.remove();
    line = h("div", { class: "notice" }, icon("clock"), h("p", { text }), close);
    lines.append(line);
    announce(text);
  };
  session.addEventListener("act", show);
  show();
  return () => { session.removeEventListener("act", show); line?.remove(); };
}

function light(name) {
  const sign = h("span", { class: "light-sign" });
  const words = h("span", {});
  const node = h("span", { class: "light", "data-light": name }, sign, words);
  return {
    node,
    set(level, picture, sentence) {
      if (node.dataset.level === level && words.textContent === sentence) return;
      node.dataset.level = level;
      sign.replaceChildren(icon(picture));
      words.textContent = sentence;
    },
  };
}

/** Watches a session and the network. */
export class StatusLine {
  #session;
  #saved = light("saved");
  #network = light("network");
  #camera = light("camera");
  #watcher;
  #update = () => this.paint();
  #say = ({ detail }) => {
    if (detail === "lost") announce(word("net.bar"));
    if (detail === "ok") announce(word("net.back"));
    this.paint();
  };

  constructor(session, buttons) {
    this.#session = session;
    this.bar = h("div", { class: "offline", role: "status", hidden: true }, icon("nonet"), h("p", {}));
    this.node = h("footer", { class: "status" }, h("div", { class: "lights" }, this.#saved.node, this.#network.node, this.#camera.node), h("div", { class: "status-buttons" }, buttons));
    for (const name of ["status", "locked"]) session.addEventListener(name, this.#update);
    session.addEventListener("reach", this.#say);
    this.#watcher = new MutationObserver(this.#update);
    this.#watcher.observe(document.getElementById("slot-camera"), { childList: true, attributes: true });
    this.paint();
  }

  /** Stops watching. */
  close() {
    this.#watcher.disconnect();
    for (const name of ["status", "locked"]) this.#session.removeEventListener(name, this.#update);
    this.#session.removeEventListener("reach", this.#say);
  }

  /** Shows how things stand. */
  paint() {
    this.#paintSaved();
    this.#network.set(...{
      ok: ["good", "net", word("net.ok")],
      busy: ["fair", "sync", word("net.busy")],
      lost: ["bad", "nonet", word("net.lost")],
    }[this.#session.reach]);
    this.#paintCamera();
    const words = this.#session.reach === "lost" ? word("net.bar") : this.#session.journal.diskFailed ? word("saved.nodisk") : "";
    this.bar.hidden = words === "";
    this.bar.lastChild.textContent = words;
  }

  #paintSaved() {
    const { journal, saver } = this.#session;
    const unsaved = journal.unsaved().length;
    const refused = journal.refusedSlots();
    if (refused.length > 0) this.#saved.set("bad", "warn", word("saved.refused", { slots: refused.join(word("comma")) }));
    else if (unsaved > 0 && this.#session.locked !== "elsewhere" && (journal.isWriting || saver.sending || this.#session.reach === "ok")) this.#saved.set("fair", "sync", word("saved.sending"));
    else if (unsaved > 0) this.#saved.set("fair", "disk", word("saved.kept", { n: unsaved }));
    else if (saver.savedAt) this.#saved.set("good", "check", word("saved.at", { time: timeOfDay(saver.savedAt) }));
    else this.#saved.set("good", "check", word("saved.all"));
  }

  #paintCamera() {
    const slot = document.getElementById("slot-camera");
    this.#camera.node.hidden = slot.childElementCount === 0;
    if (this.#camera.node.hidden) return;
    const lost = slot.dataset.state === "lost";
    this.#camera.set(lost ? "fair" : "good", "camera", slot.dataset.words || word(lost ? "camera.lost" : "camera.ok"));
  }
}

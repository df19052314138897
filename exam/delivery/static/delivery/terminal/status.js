/** The status line: it always tells the truth about answers, network, server and camera. */

import { timeOfDay } from "./clock.js";
import { announce, h, icon } from "./dom.js";
import { word } from "./words.js";

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

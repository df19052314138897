/** The answer card: every slot by section, its state as icon, word and colour. */

import { button, h, icon } from "./dom.js";
import { word } from "./words.js";

/** Shows all slots; `onGo(slot)` moves, `onHandIn()` opens the summary. */
export class Navigator {
  #cells = new Map();
  #counts;
  #drawer = false;

  constructor(form, { onGo, onHandIn }) {
    const close = button(word("nav.close"), { kind: "small drawer-close", picture: "cross", on: { click: () => this.close() } });
    this.#counts = Object.fromEntries(["answered", "flagged", "unanswered"].map((kind) => [kind, h("b", {})]));
    this.handIn = button(word("handin"), { kind: "wide", picture: "shield", on: { click: onHandIn } });
    this.scroll = h("div", { class: "card-scroll", tabindex: "-1" }, form.sections.map((section, index) => this.#section(section, index, onGo)));
    this.node = h("nav", { class: "answer-card", id: "answer-card", "aria-label": word("nav.title") },
      h("div", { class: "card-head" }, h("h2", { text: word("nav.title") }), close),
      h("ul", { class: "legend" }, this.#legend("answered", "check"), this.#legend("flagged", "flag"), this.#legend("unanswered", "blank")),
      this.scroll, h("div", { class: "card-foot" }, this.handIn));
    this.shade = h("div", { class: "shade", on: { click: () => this.close() } });
    this.node.addEventListener("keydown", (event) => { if (event.key === "Escape" && this.#drawer) this.close(); });
  }

  /** Paints every cell: `stateOf(slot)` tells {answered, flagged, kept}. */
  paint(stateOf, current) {
    const counts = { answered: 0, flagged: 0, unanswered: 0 };
    for (const [slot, cell] of this.#cells) {
      const { answered, flagged, kept } = stateOf(slot);
      counts[answered ? "answered" : "unanswered"] += 1;
      if (flagged) counts.flagged += 1;
      this.#paintCell(cell, slot, { answered, flagged, kept, current: slot === current });
    }
    for (const [kind, node] of Object.entries(this.#counts)) node.textContent = String(counts[kind]);
  }

  /** Brings the present cell into view without moving the page. */
  reveal(slot) {
    const { offsetTop, offsetHeight } = this.#cells.get(slot).node;
    const { scrollTop, clientHeight } = this.scroll;
    if (offsetTop < scrollTop + 48 || offsetTop + offsetHeight > scrollTop + clientHeight) this.scroll.scrollTop = offsetTop - clientHeight / 2;
  }

  /** Opens the card as a drawer on a narrow screen. */
  open(slot) {
    this.#drawer = true;
    this.node.classList.add("open");
    this.shade.classList.add("open");
    this.reveal(slot);
    this.#cells.get(slot).node.focus();
  }

  /** Closes the drawer. */
  close() {
    if (this.#drawer) document.getElementById("open-card")?.focus();
    this.#drawer = false;
    this.node.classList.remove("open");
    this.shade.classList.remove("open");
  }

  #legend(kind, picture) {
    return h("li", { class: kind }, icon(picture), h("span", { text: word(kind) }), this.#counts[kind]);
  }

  #section({ title, interaction, slots }, index, onGo) {
    const cells = slots.map((slot) => {
      const sign = h("span", { class: "cell-sign" });
      const node = h("button", { type: "button", class: "cell", on: { click: () => { this.close(); onGo(slot); } } }, h("span", { text: String(slot) }), sign);
      this.#cells.set(slot, { node, sign, shown: "" });
      return h("li", {}, node);
    });
    const range = word("nav.count", { n: slots.length });
    return h("section", { "aria-labelledby": `section-${index}` },
      h("h3", { id: `section-${index}` }, h("span", { text: title || word(`interaction.${interaction}`) }), h("small", { text: range })), h("ol", { class: "cells" }, cells));
  }

  #paintCell(cell, slot, { answered, flagged, kept, current }) {
    const shown = [answered, flagged, kept, current].join();
    if (cell.shown === shown) return;
    cell.shown = shown;
    const words = [word("nav.slot", { slot }), word(answered ? "answered" : "unanswered"), flagged && word("flagged"), kept && word("nav.kept")];
    cell.node.className = ["cell", answered && "answered", flagged && "flagged", kept && "kept", current && "current"].filter(Boolean).join(" ");
    cell.node.setAttribute("aria-label", words.filter(Boolean).join(word("comma")));
    if (current) cell.node.setAttribute("aria-current", "true");
    else cell.node.removeAttribute("aria-current");
    cell.sign.replaceChildren(...[answered && icon("check"), flagged && icon("flag")].filter(Boolean));
  }
}

/** One item on the page: its stem, and below it the area in which its interaction is answered. */

import { h } from "./dom.js";
import { areaOf } from "./kinds.js";
import { word } from "./words.js";

/** Marks are integer hundredths. */
export function marksWords(hundredths) {
  return word("marks", { n: String(hundredths / 100) });
}

/** Shows an item and tells changes; `onAnswer(slot, response)` gets labels or text. */
export class ItemView {
  #onAnswer;
  #area = null;

  constructor(onAnswer) {
    this.#onAnswer = onAnswer;
    this.title = h("h2", { class: "item-title", tabindex: "-1" });
    this.stem = h("p", { class: "stem", id: "stem" });
    this.node = h("article", { class: "item" }, this.stem);
  }

  /** Puts a slot on the page with its present response. */
  show(slot, total, response) {
    this.flushTyping();
    this.title.textContent = [word("item.of", { slot: slot.slot, total }), word(`interaction.${slot.interaction}`), marksWords(slot.marks)].join(" · ");
    this.stem.textContent = slot.stem;
    this.#area = new (areaOf(slot.interaction))(slot, response, (given) => this.#onAnswer(slot.slot, given), this.stem);
    this.node.replaceChildren(this.stem, this.#area.node);
    areaOf("figures")?.(this.node, slot.figures);
  }

  /** Chooses the option at a position, by key. */
  choose(index) {
    this.#area.choose?.(index);
  }

  /** Chooses the option with a letter. */
  chooseLabel(letter) {
    this.#area.chooseLabel?.(letter);
  }

  /** Opens or closes input. */
  setLocked(isLocked) {
    for (const input of this.#area?.node.querySelectorAll("input, textarea") ?? []) input.disabled = isLocked;
    this.node.classList.toggle("locked", isLocked);
  }

  /** Records what is typed and not yet recorded. */
  flushTyping() {
    this.#area?.flush?.();
  }
}

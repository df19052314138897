/** Text entry: what is typed is told when typing pauses. */

import { h } from "./dom.js";
import { word } from "./words.js";

const TYPING_MS = 400;
const LONGEST_TEXT = 500;
/** Letters that no database text can hold. */
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g;

/** Tells one text. */
export class WrittenArea {
  #timer = null;
  #input;
  #onAnswer;

  constructor(_slot, response, onAnswer) {
    this.#onAnswer = onAnswer;
    this.#input = h("textarea", { class: "text-entry", rows: "3", maxlength: String(LONGEST_TEXT), "aria-labelledby": "stem", spellcheck: "false", autocomplete: "off" });
    this.#input.value = typeof response === "string" ? response : "";
    this.#input.addEventListener("input", () => {
      window.clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.flush(), TYPING_MS);
    });
    this.#input.addEventListener("blur", () => this.flush());
    this.node = h("div", { class: "options written", role: "group" }, this.#input, h("p", { class: "hint", text: word("item.text.hint", { n: LONGEST_TEXT }) }));
  }

  /** Tells what is typed and not yet told. */
  flush() {
    if (this.#timer === null) return;
    window.clearTimeout(this.#timer);
    this.#timer = null;
    this.#onAnswer(this.#input.value.replace(CONTROL, ""));
  }
}

/** The areas in which the commonest interactions are answered: options, a text; those of others are in `kinds`. */

import { h, icon } from "./dom.js";
import { word } from "./words.js";

const JUDGEMENT_PICTURES = { T: "check", F: "cross" };

/** A row for one option: `input` is hidden, `face` stands on its key, `tick` says that it is chosen. */
export function optionRow(input, face, ...words) {
  return h("label", { class: "option" }, input, face, ...words, h("span", { class: "tick" }, icon("check"), h("span", { text: word("option.chosen") })));
}

/** Tells labels, one or several. */
export class OptionsArea {
  #chosen;
  #rows;
  #interaction;
  #onAnswer;

  constructor({ interaction, options, slot }, response, onAnswer) {
    this.#interaction = interaction;
    this.#onAnswer = onAnswer;
    this.#chosen = new Set(Array.isArray(response) ? response : []);
    const several = interaction === "multiple";
    this.#rows = options.map((option, index) => this.#row(slot, option, index));
    const hint = several && h("p", { class: "hint", text: word("item.multiple.hint") });
    this.node = h("div", { class: `options kind-${interaction}`, role: several ? "group" : "radiogroup", "aria-labelledby": "stem" }, hint, this.#rows.map(({ row }) => row));
    this.#paint();
  }

  /** Chooses the option at a position, by key. */
  choose(index) {
    const row = this.#rows[index];
    if (!row || row.input.disabled) return;
    row.input.focus();
    row.input.click();
  }

  /** Chooses the option with a letter; judgement goes by place, since F is the flag. */
  chooseLabel(letter) {
    this.choose(this.#interaction === "judgement" ? "AB".indexOf(letter) : this.#rows.findIndex(({ label }) => label === letter));
  }

  #row(slot, { label, text }, index) {
    const judgement = this.#interaction === "judgement";
    const input = h("input", { type: this.#interaction === "multiple" ? "checkbox" : "radio", name: `slot-${slot}`, value: label, class: "sr" });
    input.addEventListener("change", () => this.#change(label, input.checked));
    const picture = JUDGEMENT_PICTURES[judgement ? label : ""];
    const face = h("kbd", { class: "key", text: judgement ? String(index + 1) : label });
    const words = h("span", { class: "option-text", text: picture ? word(`judgement.${label}`) : text });
    return { label, input, row: optionRow(input, face, picture && icon(picture), words) };
  }

  #change(label, checked) {
    if (this.#interaction !== "multiple") this.#chosen = new Set([label]);
    else if (checked) this.#chosen.add(label);
    else this.#chosen.delete(label);
    this.#paint();
    this.#onAnswer([...this.#chosen].sort());
  }

  #paint() {
    for (const { label, input, row } of this.#rows) {
      input.checked = this.#chosen.has(label);
      row.classList.toggle("chosen", input.checked);
    }
  }
}

/** Letters that no database text can hold. */
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g;

/** Tells one text. */
export class WrittenArea {
  static rows = 3;
  static longest = 500;
  static pause = 400;
  #timer = null;
  #input;
  #onAnswer;

  constructor(_slot, response, onAnswer) {
    this.#onAnswer = onAnswer;
    const { rows, longest, pause } = this.constructor;
    this.#input = h("textarea", { class: "text-entry", rows, maxlength: longest, "aria-labelledby": "stem", spellcheck: "false", autocomplete: "off" });
    this.#input.value = typeof response === "string" ? response : "";
    this.#input.addEventListener("input", () => {
      window.clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.flush(), pause);
    });
    this.#input.addEventListener("blur", () => this.flush());
    this.node = h("div", { class: "options written", role: "group" }, this.#input, h("p", { class: "hint", text: word("item.text.hint", { n: longest }) }));
  }

  /** Tells what is typed and not yet told. */
  flush() {
    if (this.#timer === null) return;
    window.clearTimeout(this.#timer);
    this.#timer = null;
    this.#onAnswer(this.#input.value.replace(CONTROL, ""));
  }
}

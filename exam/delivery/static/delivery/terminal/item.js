/** One item on the page: its stem and its options as whole-row targets. */

import { h, icon } from "./dom.js";
import { word } from "./words.js";

const TYPING_MS = 400;
const LONGEST_TEXT = 500;
/** Letters that no database text can hold. */
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g;
const JUDGEMENT_PICTURES = { T: "check", F: "cross" };

/** Marks are integer hundredths. */
export function marksWords(hundredths) {
  return word("marks", { n: String(hundredths / 100) });
}

/** Shows an item and tells changes; `onAnswer(slot, response)` gets labels or text. */
export class ItemView {
  #onAnswer;
  #slot = null;
  #chosen = new Set();
  #rows = [];
  #typing = null;

  constructor(onAnswer) {
    this.#onAnswer = onAnswer;
    this.title = h("h2", { class: "item-title", tabindex: "-1" });
    this.stem = h("p", { class: "stem", id: "stem" });
    this.options = h("div", { class: "options" });
    this.node = h("article", { class: "item" }, this.stem, this.options);
  }

  /** Puts a slot on the page with its present response. */
  show(slot, total, response) {
    this.flushTyping();
    this.#slot = slot;
    this.title.textContent = [word("item.of", { slot: slot.slot, total }), word(`interaction.${slot.interaction}`), marksWords(slot.marks)].join(" · ");
    this.stem.textContent = slot.stem;
    this.#chosen = new Set(Array.isArray(response) ? response : []);
    if (slot.interaction === "text_entry") this.#showText(typeof response === "string" ? response : "");
    else this.#showOptions(slot);
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
    const byPlace = this.options.classList.contains("kind-judgement");
    this.choose(byPlace ? "AB".indexOf(letter) : this.#rows.findIndex(({ label }) => label === letter));
  }

  /** Opens or closes input. */
  setLocked(isLocked) {
    for (const input of this.options.querySelectorAll("input, textarea")) input.disabled = isLocked;
    this.node.classList.toggle("locked", isLocked);
  }

  /** Records what is typed and not yet recorded. */
  flushTyping() {
    if (this.#typing === null) return;
    window.clearTimeout(this.#typing.timer);
    const { slot, input } = this.#typing;
    this.#typing = null;
    this.#onAnswer(slot, input.value.replace(CONTROL, ""));
  }

  #showText(text) {
    this.#rows = [];
    const { slot } = this.#slot;
    const input = h("textarea", { class: "text-entry", rows: "3", maxlength: String(LONGEST_TEXT), "aria-labelledby": "stem", spellcheck: "false", autocomplete: "off" });
    input.value = text;
    input.addEventListener("input", () => {
      window.clearTimeout(this.#typing?.timer);
      this.#typing = { slot, input, timer: window.setTimeout(() => this.flushTyping(), TYPING_MS) };
    });
    input.addEventListener("blur", () => this.flushTyping());
    this.options.className = "options written";
    this.options.setAttribute("role", "group");
    this.options.replaceChildren(input, h("p", { class: "hint", text: word("item.text.hint", { n: LONGEST_TEXT }) }));
  }

  #showOptions({ slot, interaction, options }) {
    const several = interaction === "multiple";
    this.#rows = options.map((option, index) => this.#row(slot, option, index, interaction));
    this.options.className = `options kind-${interaction}`;
    this.options.setAttribute("role", several ? "group" : "radiogroup");
    this.options.setAttribute("aria-labelledby", "stem");
    this.options.replaceChildren(...(several ? [h("p", { class: "hint", text: word("item.multiple.hint") })] : []), ...this.#rows.map(({ row }) => row));
    this.#paint();
  }

  #row(slot, { label, text }, index, interaction) {
    const several = interaction === "multiple";
    const input = h("input", { type: several ? "checkbox" : "radio", name: `slot-${slot}`, value: label, class: "sr" });
    const face = interaction === "judgement" ? String(index + 1) : label;
    const picture = JUDGEMENT_PICTURES[interaction === "judgement" ? label : ""];
    input.addEventListener("change", () => this.#change(label, input.checked, several));
    const words = picture ? word(`judgement.${label}`) : text;
    const row = h("label", { class: "option" }, input, h("kbd", { class: "key", text: face }), picture && icon(picture), h("span", { class: "option-text", text: words }), h("span", { class: "tick" }, icon("check"), h("span", { text: word("option.chosen") })));
    return { label, input, row };
  }

  #change(label, checked, several) {
    if (!several) this.#chosen = new Set([label]);
    else if (checked) this.#chosen.add(label);
    else this.#chosen.delete(label);
    this.#paint();
    this.#onAnswer(this.#slot.slot, [...this.#chosen].sort());
  }

  #paint() {
    for (const { label, input, row } of this.#rows) {
      input.checked = this.#chosen.has(label);
      row.classList.toggle("chosen", input.checked);
    }
  }
}

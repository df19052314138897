/** Order: answered by choosing the options one after another. */

import { optionRow } from "../areas.js";
import { h } from "../dom.js";
import { addWords, word } from "../words.js";

addWords({
  "interaction.order": ["排序题", "Put in order"],
  "item.order.hint": ["按先后次序逐个点选；再点一次取消。", "Choose them one after another in the right order. Choose one again to take it out."],
  "item.order.place": ["第 {n} 位", "Place {n}"],
  "item.order.progress": ["已排 {n} / {total}", "{n} of {total} placed"],
});

/** Tells labels in the sequence in which they were chosen. */
export default class SequenceArea {
  #sequence;
  #rows;
  #onAnswer;

  constructor({ options }, response, onAnswer) {
    this.#onAnswer = onAnswer;
    this.#sequence = Array.isArray(response) ? [...response] : [];
    this.#rows = options.map((option) => this.#row(option));
    this.progress = h("p", { class: "hint", "aria-live": "polite" });
    this.node = h("div", { class: "options kind-order", role: "group", "aria-labelledby": "stem" },
      h("p", { class: "hint", text: word("item.order.hint") }), this.#rows.map(({ row }) => row), this.progress);
    this.#paint();
  }

  /** Places the option at a position next, or takes it out again. */
  choose(index) {
    const row = this.#rows[index];
    if (!row || row.input.disabled) return;
    row.input.focus();
    row.input.click();
  }

  /** Places the option with a letter next, or takes it out again. */
  chooseLabel(letter) {
    this.choose(this.#rows.findIndex(({ label }) => label === letter));
  }

  #row({ label, text }) {
    const input = h("input", { type: "checkbox", value: label, class: "sr" });
    const place = h("b", { class: "place", "aria-hidden": "true" });
    const said = h("span", { class: "sr" });
    input.addEventListener("change", () => this.#toggle(label));
    const row = optionRow(input, h("kbd", { class: "key", text: label }), h("span", { class: "option-text", text }), said, place);
    return { label, input, row, place, said };
  }

  #toggle(label) {
    const at = this.#sequence.indexOf(label);
    if (at < 0) this.#sequence.push(label);
    else this.#sequence.splice(at, 1);
    this.#paint();
    this.#onAnswer([...this.#sequence]);
  }

  #paint() {
    for (const { label, input, row, place, said } of this.#rows) {
      const at = this.#sequence.indexOf(label) + 1;
      input.checked = at > 0;
      row.classList.toggle("chosen", at > 0);
      place.textContent = at > 0 ? String(at) : "";
      said.textContent = at > 0 ? word("item.order.place", { n: at }) : "";
    }
    this.progress.textContent = word("item.order.progress", { n: this.#sequence.length, total: this.#rows.length });
  }
}

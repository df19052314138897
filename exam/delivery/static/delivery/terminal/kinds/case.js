/** Case: several questions about one situation, each answered by one option or several. */

import { optionRow } from "../areas.js";
import { h } from "../dom.js";
import { addWords, word } from "../words.js";

addWords({
  "interaction.case": ["案例题", "Case"],
  "item.case.hint": ["先读案情，再逐问作答。", "Read the situation, then answer each question."],
  "item.case.several": ["可以选多个答案", "You may choose more than one"],
  "item.case.progress": ["已答 {n} / {total} 问", "{n} of {total} answered"],
});

/** Tells sorted labels such as "1B" of all questions. */
export default class CaseArea {
  #given;
  #parts;
  #onAnswer;
  #slot;

  constructor(slot, response, onAnswer) {
    this.#slot = slot.slot;
    this.#onAnswer = onAnswer;
    this.#given = new Set(Array.isArray(response) ? response : []);
    const heads = slot.options.filter(({ label }) => /^\d\+?$/.test(label));
    this.#parts = heads.map((head) => this.#part(head, slot.options.filter(({ label }) => label[0] === head.label[0] && /[A-Z]$/.test(label))));
    this.progress = h("p", { class: "hint", "aria-live": "polite" });
    this.node = h("div", { class: "options kind-case", role: "group", "aria-labelledby": "stem" },
      h("p", { class: "hint", text: word("item.case.hint") }), this.#parts.map(({ node }) => node), this.progress);
    this.#paint();
  }

  /** Chooses a letter in the question that has the focus, else in the first open one. */
  chooseLabel(letter) {
    const open = this.#parts.findIndex(({ number }) => !this.#isAnswered(number));
    const focused = this.#parts.findIndex(({ node }) => node.contains(document.activeElement));
    const row = this.#parts[focused >= 0 ? focused : Math.max(0, open)].rows.find(({ label }) => label[1] === letter);
    if (!row || row.input.disabled) return;
    row.input.focus();
    row.input.click();
  }

  #isAnswered(number) {
    return [...this.#given].some((label) => label[0] === number);
  }

  #part(head, options) {
    const [number, several] = [head.label[0], head.label.length > 1];
    const rows = options.map(({ label, text }) => {
      const input = h("input", { type: several ? "checkbox" : "radio", name: `slot-${this.#slot}-${number}`, value: label, class: "sr" });
      input.addEventListener("change", () => this.#change(number, label, several, input.checked));
      return { label, input, row: optionRow(input, h("kbd", { class: "key", text: label[1] }), h("span", { class: "option-text", text })) };
    });
    const legend = h("legend", {}, h("b", { text: `${number}. ` }), h("span", { text: head.text }), several && h("small", { class: "said", text: word("item.case.several") }));
    return { number, rows, node: h("fieldset", { class: `answer-group ${several ? "kind-multiple" : ""}` }, legend, h("div", { class: "case-options" }, rows.map(({ row }) => row))) };
  }

  #change(number, label, several, checked) {
    if (!several) for (const each of [...this.#given]) if (each[0] === number) this.#given.delete(each);
    if (checked) this.#given.add(label);
    else this.#given.delete(label);
    this.#paint();
    this.#onAnswer([...this.#given].sort());
  }

  #paint() {
    for (const { label, input, row } of this.#parts.flatMap(({ rows }) => rows)) {
      input.checked = this.#given.has(label);
      row.classList.toggle("chosen", input.checked);
    }
    const n = this.#parts.filter(({ number }) => this.#isAnswered(number)).length;
    this.progress.textContent = word("item.case.progress", { n, total: this.#parts.length });
  }
}

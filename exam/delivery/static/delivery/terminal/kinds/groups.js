/** Match and inline choice: answered by one choice in each of several groups. */

import { h } from "../dom.js";
import { addWords, word } from "../words.js";

addWords({
  "interaction.match": ["匹配题", "Match"],
  "interaction.inline_choice": ["选词填空题", "Choose the words"],
  "item.match.hint": ["给每一行选一个字母。", "Choose a letter for each line."],
  "item.gaps.hint": ["给每个空选一项。", "Choose one for each blank."],
  "item.gap": ["第 {n} 空", "Blank {n}"],
  "item.groups.progress": ["已选 {n} / {total}", "{n} of {total} chosen"],
});

/** Sorts displayed options into groups: each has a number, what stands before its choices, and the choices. */
function groupsOf({ interaction, options }) {
  const shared = options.filter(({ label }) => /^[A-Z]$/.test(label));
  if (interaction === "match") {
    return options.filter(({ label }) => /^\d$/.test(label)).map(({ label, text }) => ({ number: label, title: text, choices: shared.map((each) => ({ letter: each.label, face: each.label, said: each.text })) }));
  }
  const numbers = [...new Set(options.map(({ label }) => label[0]))];
  return numbers.map((number) => ({
    number,
    title: word("item.gap", { n: number }),
    choices: options.filter(({ label }) => label[0] === number).map(({ label, text }) => ({ letter: label[1], face: text, said: text })),
  }));
}

/** Tells a sorted label for each group that is answered. */
export default class GroupsArea {
  #given = new Map();
  #groups;
  #slot;
  #onAnswer;
  #stem;

  constructor(slot, response, onAnswer, stem) {
    this.#slot = slot;
    this.#onAnswer = onAnswer;
    this.#stem = stem;
    for (const label of Array.isArray(response) ? response : []) this.#given.set(label[0], label[1]);
    this.#groups = groupsOf(slot).map((group) => this.#group(group));
    this.progress = h("p", { class: "hint", "aria-live": "polite" });
    const match = slot.interaction === "match";
    this.node = h("div", { class: `options kind-${slot.interaction}`, role: "group", "aria-labelledby": "stem" },
      h("p", { class: "hint", text: word(match ? "item.match.hint" : "item.gaps.hint") }), match && this.#shared(), this.#groups.map(({ node }) => node), this.progress);
    this.#paint();
  }

  /** Chooses a letter in the group that has the focus, else in the first open one, and goes on to the next. */
  chooseLabel(letter) {
    const open = this.#groups.findIndex(({ number }) => !this.#given.has(number));
    const focused = this.#groups.findIndex(({ node }) => node.contains(document.activeElement));
    const place = focused >= 0 ? focused : Math.max(0, open);
    const input = this.#groups[place].inputs.get(letter);
    if (!input || input.disabled) return;
    input.click();
    const next = this.#groups[place + 1] ?? this.#groups[place];
    (next.inputs.get(this.#given.get(next.number)) ?? next.inputs.values().next().value).focus();
  }

  /** What can be matched, once for all groups. */
  #shared() {
    const rows = this.#slot.options.filter(({ label }) => /^[A-Z]$/.test(label));
    return h("ul", { class: "targets" }, rows.map(({ label, text }) => h("li", {}, h("b", { text: label }), h("span", { text }))));
  }

  #group({ number, title, choices }) {
    const inputs = new Map();
    const chips = choices.map(({ letter, face, said }) => {
      const input = h("input", { type: "radio", name: `slot-${this.#slot.slot}-${number}`, value: letter, class: "sr", "aria-label": face === said ? null : `${letter} ${said}` });
      input.addEventListener("change", () => this.#change(number, letter));
      inputs.set(letter, input);
      return h("label", { class: "chip" }, input, h("span", { text: face }));
    });
    const match = this.#slot.interaction === "match";
    const said = match && h("span", { class: "said" });
    const heading = h("legend", {}, match && h("b", { text: `${number}. ` }), h("span", { text: title }), said);
    return { number, inputs, choices, said, node: h("fieldset", { class: "answer-group" }, heading, h("div", { class: "chips" }, chips)) };
  }

  #change(number, letter) {
    this.#given.set(number, letter);
    this.#paint();
    this.#onAnswer([...this.#given].map(([group, chosen]) => group + chosen).sort());
  }

  #paint() {
    for (const { number, inputs, choices, said } of this.#groups) {
      const chosen = choices.find(({ letter }) => letter === this.#given.get(number));
      if (said) said.textContent = chosen ? `${chosen.letter} ${chosen.said}` : "";
      for (const [letter, input] of inputs) {
        input.checked = this.#given.get(number) === letter;
        input.parentNode.classList.toggle("chosen", input.checked);
      }
    }
    this.progress.textContent = word("item.groups.progress", { n: this.#given.size, total: this.#groups.length });
    if (this.#slot.interaction === "inline_choice") this.#fillStem();
  }

  /** Shows in each blank of the stem its number, or what was chosen for it. */
  #fillStem() {
    const parts = this.#slot.stem.split("____");
    const filled = parts.flatMap((part, place) => {
      const group = this.#groups[place - 1];
      const chosen = group?.choices.find(({ letter }) => letter === this.#given.get(group.number));
      const gap = place > 0 && h("span", { class: chosen ? "gap filled" : "gap", text: chosen ? chosen.face : `(${place})` });
      return [gap, part].filter((each) => each !== false);
    });
    this.#stem.replaceChildren(...filled);
  }
}

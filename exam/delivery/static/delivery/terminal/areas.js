/** The areas in which interactions are answered: options, an order, groups, a text. */

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

/** Tells labels in the sequence in which they were chosen. */
export class SequenceArea {
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
export class GroupsArea {
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

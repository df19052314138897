/** Hotspot: answered by pointing at places of a photo, by touch, mouse or arrow keys. */

import { announce, button, h } from "../dom.js";
import { addWords, word } from "../words.js";

addWords({
  "interaction.hotspot": ["隐患辨识题", "Find the hazards"],
  "item.hotspot.hint": ["在照片上指出 {n} 处，点一下放一个标记。用键盘：方向键移动准星，空格放下，退格撤销。", "Show {n} places on the photo: tap to put a mark. By keyboard: arrows move the aim, Space puts a mark, Backspace takes it back."],
  "item.hotspot.photo": ["题目照片", "Photo of the question"],
  "item.hotspot.progress": ["已标 {n} / {total}", "{n} of {total} marked"],
  "item.hotspot.undo": ["撤销", "Undo"],
  "item.hotspot.remove": ["去掉标记 {n}", "Take away mark {n}"],
  "item.hotspot.at": ["标记 {n}，横 {x}，竖 {y}", "Mark {n}, {x} across, {y} down"],
  "item.hotspot.aim": ["横 {x}，竖 {y}", "{x} across, {y} down"],
  "item.hotspot.full": ["{n} 个标记都放下了，先去掉一个才能再放。", "All {n} marks are placed; take one away first."],
});

const STEPS = 50;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Tells points as "x,y" in pixels of the photo, in the sequence in which they were put. */
export default class HotspotArea {
  #points;
  #photo;
  #onAnswer;
  #aim;
  #field;
  #marks;
  #list;

  constructor({ photo }, response, onAnswer) {
    this.#photo = photo;
    this.#onAnswer = onAnswer;
    this.#points = Array.isArray(response) ? [...response] : [];
    this.#aim = [Math.round(photo.width / 2), Math.round(photo.height / 2)];
    this.progress = h("p", { class: "hint", "aria-live": "polite" });
    this.undo = button(word("item.hotspot.undo"), { kind: "small", picture: "left", on: { click: () => this.#remove(this.#points.length - 1) } });
    this.#list = h("ol", { class: "mark-list" });
    this.node = h("div", { class: "options kind-hotspot", role: "group", "aria-labelledby": "stem" },
      h("p", { class: "hint", text: word("item.hotspot.hint", { n: photo.points }) }), this.#makeField(),
      h("div", { class: "mark-tools" }, this.progress, this.undo), this.#list);
    this.#paint();
  }

  #makeField() {
    const { url, width, height } = this.#photo;
    this.#marks = h("div", { class: "marks" });
    this.aim = h("span", { class: "aim", "aria-hidden": "true" });
    const picture = h("img", { src: url, width, height, alt: word("item.hotspot.photo"), draggable: "false" });
    const on = { click: (event) => this.#tap(event), keydown: (event) => this.#press(event) };
    this.#field = h("div", { class: "photo-field", tabindex: "0", role: "application", "aria-label": word("item.hotspot.photo"), on }, picture, this.#marks, this.aim);
    return this.#field;
  }

  /** Puts an element at a point of the photo. */
  #place(element, [x, y]) {
    element.style.left = `${(100 * x) / this.#photo.width}%`;
    element.style.top = `${(100 * y) / this.#photo.height}%`;
  }

  #within(x, y) {
    const inside = (value, size) => Math.min(size - 1, Math.max(0, Math.round(value)));
    return [inside(x, this.#photo.width), inside(y, this.#photo.height)];
  }

  #tap(event) {
    const box = this.#field.querySelector("img").getBoundingClientRect();
    this.#aim = this.#within(((event.clientX - box.left) / box.width) * this.#photo.width, ((event.clientY - box.top) / box.height) * this.#photo.height);
    this.#put();
  }

  #press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const arrow = ARROWS[event.key];
    if (arrow) {
      const step = event.shiftKey ? 1 : Math.max(1, Math.round(Math.max(this.#photo.width, this.#photo.height) / STEPS));
      this.#aim = this.#within(this.#aim[0] + arrow[0] * step, this.#aim[1] + arrow[1] * step);
      this.#paint();
      announce(word("item.hotspot.aim", { x: this.#aim[0], y: this.#aim[1] }));
    } else if (event.key === " ") this.#put();
    else if (event.key === "Backspace" || event.key === "Delete") this.#remove(this.#points.length - 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  get #isLocked() {
    return this.node.closest(".locked") !== null;
  }

  #put() {
    const point = this.#aim.join(",");
    if (this.#isLocked || this.#points.includes(point)) return;
    if (this.#points.length >= this.#photo.points) {
      if (this.#photo.points > 1) {
        announce(this.#full(), true);
        this.progress.textContent = this.#full();
        return;
      }
      this.#points = [];
    }
    this.#points.push(point);
    this.#tell();
  }

  #full() {
    return word("item.hotspot.full", { n: this.#photo.points });
  }

  #remove(at) {
    if (this.#isLocked || at < 0) return;
    this.#points.splice(at, 1);
    this.#tell();
  }

  #tell() {
    this.#paint();
    this.#onAnswer([...this.#points]);
  }

  #paint() {
    const points = this.#points.map((point) => point.split(",").map(Number));
    this.#marks.replaceChildren(...points.map((point, at) => {
      const mark = h("span", { class: "mark-point", "aria-hidden": "true", text: String(at + 1) });
      this.#place(mark, point);
      return mark;
    }));
    this.#place(this.aim, this.#aim);
    this.#list.replaceChildren(...points.map(([x, y], at) => h("li", {},
      h("span", { text: word("item.hotspot.at", { n: at + 1, x, y }) }),
      button(word("item.hotspot.remove", { n: at + 1 }), { kind: "small", picture: "cross", on: { click: () => this.#remove(at) } }))));
    this.undo.disabled = points.length === 0;
    this.progress.textContent = word("item.hotspot.progress", { n: points.length, total: this.#photo.points });
  }
}

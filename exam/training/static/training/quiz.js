// A quiz's stage: the server asks and judges, this page shows one item after the other.

import { clock } from "./film.js";

export class Quiz {
  constructor(box, find, words) {
    Object.assign(this, { find, words, base: box.dataset.quiz, open: true, touch: () => {} });
    this.length = Number(box.dataset.length);
    this.reach = Number(box.dataset.reach);
    this.csrf = document.querySelector('meta[name="csrf-token"]').content;
    const page = find("page");
    page.addEventListener("submit", (event) => {
      event.preventDefault();
      this.turn("", { method: "POST", body: new URLSearchParams(new FormData(event.target)) });
    });
    page.addEventListener("click", (event) => {
      const button = event.target.closest("[data-go]");
      if (button) this.turn(button.dataset.go);
    });
    this.turn("");
  }

  async turn(what, init = {}) {
    const answer = await fetch(this.base + what, { ...init, headers: { "x-csrftoken": this.csrf } }).catch(() => null);
    if (!answer?.ok) return;
    const page = this.find("page");
    page.innerHTML = await answer.text();
    this.open = !page.querySelector("[data-passed]")?.dataset.passed;
    page.querySelector("[data-go], input:not([type=hidden]), select")?.focus({ preventScroll: true });
    scrollTo({ top: 0 });
  }

  said() {
    return { unit: 0 };
  }

  take(study) {
    this.reach = study.reach_ms;
  }

  hold() {}

  state() {
    const left = this.words.left.replace("{time}", clock((this.length - this.reach) / 1000));
    return `${this.open ? this.words.run : this.words.passed} · ${left}`;
  }

  show() {}
}

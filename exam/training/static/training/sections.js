// A lesson of sections: one is open, the next is asked for when it has been studied long enough.

export class Sections {
  constructor(box, find, words) {
    this.find = find;
    this.words = words;
    this.visit = box.dataset.lesson;
    this.ends = box.dataset.ends.split(",").map(Number);
    this.total = Number(box.dataset.units);
    this.unit = Number(box.dataset.opened) - 1;
    this.reach = Number(box.dataset.reach);
    find("next-unit").addEventListener("click", () => this.turn(this.unit + 1));
    find("back-unit").addEventListener("click", () => this.turn(this.unit - 1));
    find("page").tabIndex = -1;
  }

  get opened() {
    return Math.min(this.ends.filter((end) => end <= this.reach).length + 1, this.total);
  }

  /** What the next report says of the place. */
  said() {
    return { unit: this.unit };
  }

  take(study) {
    this.reach = study.reach_ms;
  }

  hold() {}

  state(sinceMs) {
    if (this.unit < this.opened - 1) return this.words.ready;
    const left = Math.ceil((this.ends[this.unit] - this.reach - sinceMs) / 1000);
    return `${this.words.run} · ${this.words.next.replace("{s}", Math.max(left, 1))}`;
  }

  show() {
    this.find("next-unit").disabled = this.unit + 1 >= this.opened;
    this.find("back-unit").disabled = this.unit === 0;
    const place = this.find("place");
    place.textContent = place.dataset.of.replace("{n}", this.unit + 1).replace("{all}", this.total);
  }

  async turn(to) {
    const answer = await fetch(`/learn/visits/${this.visit}/units/${to}`).catch(() => null);
    if (!answer?.ok) return;
    this.find("page").innerHTML = await answer.text();
    this.unit = to;
    scrollTo({ top: 0 });
    this.find("page").focus({ preventScroll: true });
    this.show();
  }
}

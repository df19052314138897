// A package's stage: its frame lies on another origin, and what it says comes as messages, which are kept for next time.
// Hours do not come from here: the lesson's page reports as for any lesson.

import { clock } from "./film.js";

/**
 * Let a frame show the parts of a package; `told` is called with what a part says, `touched` when somebody is there.
 * `launch` asks for the address of a part that is launched with a session of its own (cmi5), null if it may not be.
 */
export class Frame {
  constructor(box, find, { items, tracked, told, touched = () => {}, launch = null }) {
    Object.assign(this, { items, told, touched, launch, frame: find("frame"), origin: new URL(box.dataset.package).origin });
    this.states = new Map(tracked.map((each) => [each.item, each]));
    this.list = find("parts");
    this.list.replaceChildren(...items.map(({ key, title }) => new Option(title, key)));
    this.list.closest("p").hidden = items.length < 2;
    this.list.addEventListener("change", () => this.open());
    const open = items.find(({ key }) => this.states.get(key)?.completion !== "completed") ?? items[0];
    this.list.value = open.key;
    addEventListener("message", (event) => this.hear(event));
    this.frame.src = box.dataset.package;
  }

  hear({ origin, source, data }) {
    if (origin !== this.origin || source !== this.frame.contentWindow) return;
    if (data?.kind === "ready") this.open();
    if (data?.kind === "touched") this.touched();
    if (data?.kind === "said" && this.items.some(({ key }) => key === data.said?.item)) {
      this.states.set(data.said.item, data.said);
      this.told(data.said);
    }
  }

  async open() {
    let item = this.items.find(({ key }) => key === this.list.value);
    const state = this.states.get(item.key) ?? null;
    if (this.launch) {
      const href = await this.launch(item.key);
      if (!href) return;
      item = { ...item, href };
    }
    this.frame.contentWindow.postMessage({ kind: "open", item, state }, this.origin);
  }
}

export class Package {
  constructor(box, find, words) {
    Object.assign(this, { find, words, base: box.dataset.said, open: true, touch: () => {} });
    this.timeOnly = box.dataset.wanted === "time";
    this.length = Number(box.dataset.length);
    this.reach = Number(box.dataset.reach);
    this.csrf = document.querySelector('meta[name="csrf-token"]').content;
    this.begin(box);
  }

  async begin(box) {
    const found = await this.ask();
    if (!found) return;
    const { items, tracked } = found;
    const told = (said) => this.keep(said);
    this.launched = box.dataset.standard === "cmi5";
    const launch = this.launched ? (item) => this.launch(item) : null;
    this.frame = new Frame(box, this.find, { items, tracked, told, launch, touched: () => this.touch() });
  }

  async ask() {
    const answer = await fetch(this.base).catch(() => null);
    if (!answer?.ok) return null;
    const found = await answer.json();
    this.open = !found.met && !this.timeOnly;
    return found;
  }

  send(path, said, keepalive = false) {
    const headers = { "content-type": "application/json", "x-csrftoken": this.csrf };
    return fetch(this.base + path, { method: "POST", headers, body: said, keepalive }).catch(() => null);
  }

  async launch(item) {
    const answer = await this.send("/launch", JSON.stringify({ item }));
    return answer?.ok ? (await answer.json()).href : null;
  }

  /** What is said while the page is left arrives too; what is lost is said again with the next word. */
  async keep(said) {
    const body = JSON.stringify(said);
    const answer = await this.send("", body, body.length < 60_000); // browsers let no more than this outlive a page
    if (answer?.ok) this.open = !(await answer.json()).met && !this.timeOnly;
  }

  said() {
    return { unit: 0 };
  }

  /** What a launched unit says goes to its own store: only the server knows whether it is enough. */
  take(study) {
    this.reach = study.reach_ms;
    if (this.launched && this.open) this.ask();
  }

  hold() {}

  state() {
    return `${this.words.run} · ${this.words.left.replace("{time}", clock((this.length - this.reach) / 1000))}`;
  }

  show() {}
}

/** The drawer of one candidate: the full picture, the facts, the acts; an act leaves the wall where it is. */

import { Viewer } from "./viewer.js";

const RETRY_MS = 1500;

export class Drawer {
  #element;
  #exchange;
  #toast;
  #viewer = null;
  #attempt = null;
  #track = "full";
  #opener = null;
  #timer = null;

  constructor(element, exchange, toast) {
    this.#element = element;
    this.#exchange = exchange;
    this.#toast = toast;
    element.addEventListener("click", (event) => this.#clicked(event));
    element.addEventListener("submit", (event) => this.#submitted(event));
  }

  get attempt() { return this.#attempt; }

  async open(attempt, opener) {
    this.#opener = opener ?? this.#opener;
    this.#attempt = attempt;
    this.#track = "full";
    await this.#load();
    this.#element.hidden = false;
    document.body.classList.add("drawer-open");
    this.#element.querySelector("h2")?.focus();
    this.#watch();
  }

  close() {
    this.#stop();
    this.#attempt = null;
    this.#element.hidden = true;
    this.#element.replaceChildren();
    document.body.classList.remove("drawer-open");
    if (this.#opener?.isConnected) this.#opener.focus();
  }

  async #load() {
    const answer = await fetch(`/proctor/attempts/${this.#attempt}/drawer`, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    this.#element.innerHTML = await answer.text();
  }

  #stop() {
    window.clearTimeout(this.#timer);
    this.#viewer?.close();
    this.#viewer = null;
  }

  /** Watches the full track or the screen for as long as the drawer shows it; the terminal sends it only so long. */
  #watch() {
    this.#stop();
    const video = this.#element.querySelector("#full");
    if (!video || !this.#attempt) return;
    const viewer = this.#viewer = new Viewer([video.dataset[this.#track]]);
    video.srcObject = [...viewer.streams.values()][0];
    video.play().catch(() => {});
    const again = () => {
      if (viewer !== this.#viewer) return;
      this.#stop();
      this.#timer = window.setTimeout(() => this.#watch(), RETRY_MS);
    };
    viewer.addEventListener("lost", again);
    viewer.connect(this.#exchange).catch(again);
  }

  #clicked(event) {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.hasAttribute("data-drawer-close")) this.close();
    if (button.dataset.show) {
      this.#track = button.dataset.show;
      for (const each of this.#element.querySelectorAll("[data-show]")) each.setAttribute("aria-pressed", String(each === button));
      this.#watch();
    }
  }

  async #submitted(event) {
    event.preventDefault();
    const form = event.target;
    const button = event.submitter;
    if (button) button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { accept: "application/json" } });
      if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).title ?? answer.statusText);
      form.closest("dialog")?.close();
      this.#toast("ok");
      const attempt = this.#attempt;
      this.#stop();
      await this.#load();
      if (attempt === this.#attempt) this.#watch();
    } catch (error) {
      this.#toast("bad", error.message);
      if (button) button.disabled = false;
    }
  }
}

/** The drawer of one candidate: the full picture, the facts, the acts; an act leaves the wall where it is. */

import { sendInPlace } from "./sending.js";
import { Sound } from "./sound.js";
import { Viewer } from "./viewer.js";

const RETRY_MS = 1500;

export class Drawer {
  #element;
  #exchange;
  #toast;
  #sound;
  #viewer = null;
  #attempt = null;
  #track = "full";
  #opener = null;
  #timer = null;

  constructor(element, exchange, toast, csrf) {
    this.#sound = new Sound(exchange, csrf);
    this.#element = element;
    this.#exchange = exchange;
    this.#toast = toast;
    element.addEventListener("click", (event) => this.#clicked(event));
    element.addEventListener("submit", (event) => this.#submitted(event));
  }

  get attempt() { return this.#attempt; }

  async open(attempt, opener) {
    if (attempt !== this.#attempt) this.#sound.leave();
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
    this.#sound.leave();
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
    this.#press();
    this.#sound.play(this.#element.querySelector("#sound"), this.#attempt);
  }

  #stop() {
    window.clearTimeout(this.#timer);
    this.#viewer?.close();
    this.#viewer = null;
  }

  /** Watches the full track or the screen for as long as the drawer shows it; the terminal sends it only so long.
   *
   * Until the full track comes, and where a terminal sends none, the tile of the wall stands in its place.
   */
  #watch() {
    this.#stop();
    const video = this.#element.querySelector("#full");
    if (!video || !this.#attempt) return;
    const wanted = this.#track === "full" ? ["full", "tile"] : [this.#track];
    const viewer = this.#viewer = new Viewer(wanted.map((track) => video.dataset[track]));
    const streams = [...viewer.streams.values()];
    const show = () => this.#show(video, streams);
    for (const stream of streams) for (const event of ["unmute", "mute"]) stream.getVideoTracks()[0].addEventListener(event, show);
    show();
    const again = () => {
      if (viewer !== this.#viewer) return;
      this.#stop();
      this.#timer = window.setTimeout(() => this.#watch(), RETRY_MS);
    };
    viewer.addEventListener("lost", again);
    viewer.connect(this.#exchange).catch(again);
  }

  /** Shows the best of the streams that bring a picture now. */
  #show(video, streams) {
    const best = streams.find((stream) => !stream.getVideoTracks()[0].muted);
    this.#element.querySelector("#no-picture").hidden = best !== undefined;
    if (best && video.srcObject === best) return;
    video.srcObject = best ?? null;
    if (best) video.play().catch(() => {});
  }

  #clicked(event) {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.hasAttribute("data-drawer-close")) this.close();
    if (button.dataset.show) {
      this.#track = button.dataset.show;
      this.#press();
      this.#watch();
    }
  }

  /** Marks the picture that is chosen, also after the drawer was loaded again. */
  #press() {
    for (const each of this.#element.querySelectorAll("[data-show]")) each.setAttribute("aria-pressed", String(each.dataset.show === this.#track));
  }

  async #submitted(event) {
    if (!await sendInPlace(event, this.#toast) || !this.#attempt) return;
    const attempt = this.#attempt;
    this.#stop();
    await this.#load();
    if (attempt === this.#attempt) this.#watch();
  }
}

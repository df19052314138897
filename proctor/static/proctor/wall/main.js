/** The wall of one room: asks how the seats stand, shows their pictures, and is worked by keyboard alone if need be. */

import { Drawer } from "./drawer.js";
import { Screenful } from "./screenful.js";
import { sendInPlace } from "./sending.js";
import { Tiles } from "./tiles.js";

const POLL_MS = 2000;
const TOAST_MS = 5000;
const ANALYSIS_MS = 10_000;
const CAMERAS_MS = 4000;
const list = document.getElementById("wall");
const csrf = document.querySelector("meta[name=csrf-token]").content;
const at = (id) => document.getElementById(id);
/** The states whose people an act on the whole room reaches. */
const OPEN = new Set(["checked_in", "ready", "in_progress", "paused"]);
const REACHED = { pause: new Set(["in_progress"]), resume: new Set(["paused"]), extend: OPEN, message: OPEN };
const cameras = [...document.querySelectorAll("#wall-cameras figure")];

function words(key, values = {}) {
  return document.querySelector(`[data-words=${key}]`).textContent.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

async function exchange(sdp, sources) {
  const answer = await fetch(list.dataset.watch, {
    method: "POST", body: JSON.stringify({ sdp, sources }),
    headers: { "content-type": "application/json", accept: "application/json", "x-csrftoken": csrf },
  });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).code ?? "unknown");
  return answer.json();
}

function toast(kind, text = words("done")) {
  const node = at(`toast-${kind}`).content.firstElementChild.cloneNode(true);
  node.querySelector("span").textContent = text;
  at("toasts").append(node);
  window.setTimeout(() => node.remove(), TOAST_MS);
}

class Wall {
  tiles = new Tiles(list, words);
  screenful = new Screenful(exchange);
  tell = (kind, text) => { toast(kind, text); this.poll(); };
  drawer = new Drawer(at("drawer"), exchange, this.tell, csrf);
  all = [];
  page = 0;
  size = Number(localStorage.getItem("wall-size")) || 12;
  filter = "all";

  constructor() {
    at("wall-size").value = String(this.size);
    this.screenful.addEventListener("state", ({ detail }) => { this.say(detail === "lost" ? "lost" : ""); this.join(); });
    at("wall-size").addEventListener("change", ({ target }) => {
      this.size = Number(target.value);
      localStorage.setItem("wall-size", target.value);
      this.turn(-this.page);
    });
    at("wall-filter").addEventListener("change", ({ target }) => { this.filter = target.value; this.turn(-this.page); });
    at("wall-prev").addEventListener("click", () => this.turn(-1));
    at("wall-next").addEventListener("click", () => this.turn(1));
    list.addEventListener("click", ({ target }) => {
      const button = target.closest(".tile-open");
      if (button) this.drawer.open(button.closest(".tile").dataset.attempt, button);
    });
    document.addEventListener("keydown", (event) => this.pressed(event));
    document.querySelector(".page-acts").addEventListener("submit", (event) => sendInPlace(event, this.tell));
  }

  async poll() {
    try {
      const answer = await fetch(list.dataset.tiles, { headers: { accept: "application/json" } });
      if (answer.status === 401) { window.location.reload(); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      this.all = await answer.json();
      if (at("wall-state").dataset.key === "offline") this.say("");
      this.paint();
    } catch {
      this.say("offline");
    }
  }

  async run() {
    for (;;) {
      await this.poll();
      await new Promise((resolve) => { window.setTimeout(resolve, POLL_MS); });
    }
  }

  /** Says when machines do not look at the pictures: no mark on a tile is then no all-clear. */
  async askAnalysis() {
    const node = at("wall-analysis");
    const answer = await fetch(node.dataset.from, { headers: { accept: "application/json" } }).catch(() => null);
    if (answer?.ok) {
      const { word } = await answer.json();
      node.hidden = word === "";
      if (node.textContent !== word) node.textContent = word;
    }
    window.setTimeout(() => this.askAnalysis(), ANALYSIS_MS);
  }

  /** Says on each of the room's cameras what machines see of it. */
  async askCameras() {
    const answer = await fetch(at("wall-cameras").dataset.from, { headers: { accept: "application/json" } }).catch(() => null);
    if (answer?.ok) {
      const troubles = new Map((await answer.json()).map(({ source, word }) => [source, word]));
      for (const each of cameras) {
        const [mark, word] = [each.querySelector(".tile-attention"), troubles.get(each.dataset.source) ?? ""];
        each.dataset.attention = word && "observation";
        mark.hidden = word === "";
        if (mark.lastElementChild.textContent !== word) mark.lastElementChild.textContent = word;
      }
    }
    window.setTimeout(() => this.askCameras(), CAMERAS_MS);
  }

  get shown() {
    if (this.filter === "attention") return this.all.filter((tile) => tile.attention);
    if (this.filter === "running") return this.all.filter((tile) => tile.source);
    return this.all;
  }

  turn(by) {
    const pages = Math.max(1, Math.ceil(this.shown.length / this.size));
    this.page = Math.min(pages - 1, Math.max(0, this.page + by));
    this.paint();
  }

  paint() {
    const shown = this.shown;
    const pages = Math.max(1, Math.ceil(shown.length / this.size));
    this.page = Math.min(this.page, pages - 1);
    const here = shown.slice(this.page * this.size, (this.page + 1) * this.size);
    this.tiles.paint(here);
    list.dataset.empty = here.length ? "" : words("empty");
    this.screenful.show([...cameras.map((each) => each.dataset.source), ...here.map((tile) => tile.source).filter(Boolean)]);
    this.join();
    at("wall-page").textContent = words("page", { page: this.page + 1, pages });
    at("wall-prev").disabled = this.page === 0;
    at("wall-next").disabled = this.page >= pages - 1;
    const count = (test) => this.all.filter(test).length;
    const sum = words("sum", { n: this.all.length, m: count((tile) => tile.source), k: count((tile) => tile.camera === "live"), a: count((tile) => tile.attention) });
    if (at("wall-sum").textContent !== sum) at("wall-sum").textContent = sum;
    for (const [name, states] of Object.entries(REACHED)) this.offer(name, count((tile) => states.has(tile.state)));
  }

  /** Offers an act on the whole room where it would reach anybody, and says how many. */
  offer(name, n) {
    at(`o-room-${name}`).hidden = n === 0;
    const effect = at(`d-room-${name}`).querySelector("form > p");
    effect.dataset.words ??= effect.textContent;
    const text = effect.dataset.words.replace("{n}", n);
    if (effect.textContent !== text) effect.textContent = text;
  }

  join() {
    this.tiles.join((name) => this.screenful.streamOf(name));
    for (const each of cameras) {
      const [video, stream] = [each.querySelector("video"), this.screenful.streamOf(each.dataset.source)];
      if (video.srcObject === stream) continue;
      video.srcObject = stream;
      if (stream) video.play().catch(() => {});
    }
  }

  say(key) {
    const node = at("wall-state");
    node.hidden = key === "";
    node.dataset.key = key;
    node.textContent = key ? words(key) : "";
  }

  pressed(event) {
    if (event.target.closest("input, select, textarea, dialog")) return;
    if (event.key === "Escape" && this.drawer.attempt) { this.drawer.close(); return; }
    if (event.key === "PageDown" || event.key === "PageUp") {
      event.preventDefault();
      this.turn(event.key === "PageDown" ? 1 : -1);
      return;
    }
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns(), ArrowUp: -this.columns() }[event.key];
    if (!step || event.target.closest("#drawer")) return;
    event.preventDefault();
    const buttons = this.tiles.buttons;
    const from = buttons.indexOf(document.activeElement);
    buttons[from < 0 ? 0 : Math.min(buttons.length - 1, Math.max(0, from + step))]?.focus();
  }

  columns() { return window.getComputedStyle(list).gridTemplateColumns.split(" ").length; }
}

const wall = new Wall();
wall.run();
wall.askAnalysis();
if (cameras.length > 0) wall.askCameras();

/** The record's time axis, and the player that walks through the stored pieces as if they were one film. */

const axis = document.getElementById("axis");
const marks = [...axis.querySelectorAll("i")];
const at = (mark) => Number(mark.dataset.at);
const until = (mark) => Number(mark.dataset.until ?? mark.dataset.at);
const from = Math.min(...marks.map(at));
const to = Math.max(...marks.map(until), from + 1000);
const clock = (ms) => new Date(ms).toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai", hour12: false });
const share = (ms) => 100 * (ms - from) / (to - from);

for (const mark of marks) {
  // what happened at the very end still stands within its lane
  mark.style.left = `min(${share(at(mark))}%, 100% - .375rem)`;
  mark.style.width = mark.dataset.until ? `${Math.max(0.2, share(until(mark)) - share(at(mark)))}%` : "";
}
document.getElementById("axis-from").textContent = Number.isFinite(from) ? clock(from) : "";
document.getElementById("axis-to").textContent = Number.isFinite(to) ? clock(to) : "";

const piecesOf = (lane) => marks.filter((mark) => mark.dataset.ref && mark.closest(`[data-lane=${lane}]`))
  .map((mark) => ({ id: mark.dataset.ref, at: at(mark), until: until(mark) })).sort((one, two) => one.at - two.at);
const lanes = new Map(["video", "room"].map((lane) => [lane, piecesOf(lane)]).filter(([, pieces]) => pieces.length > 0));
const player = document.getElementById("player");

class Film {
  #video = player.querySelector("video");
  #now = document.getElementById("player-now");
  #cursor = document.createElement("b");
  #piece = null;
  #lane = lanes.keys().next().value;
  #stop = Infinity;

  constructor() {
    this.#cursor.className = "axis-cursor";
    axis.append(this.#cursor);
    this.#video.addEventListener("timeupdate", () => this.#show());
    this.#video.addEventListener("ended", () => {
      const next = this.#pieces[this.#pieces.indexOf(this.#piece) + 1];
      if (next) this.seek(next.at, true, this.#stop);
    });
    this.seek(this.#pieces[0].at, false);
  }

  get #pieces() { return lanes.get(this.#lane); }

  get now() { return this.#piece.at + this.#video.currentTime * 1000; }

  /** Shows the seat's camera or the room's. */
  turnTo(lane) {
    if (!lanes.has(lane)) return;
    this.#lane = lane;
    for (const button of player.querySelectorAll("[data-lane-of]")) button.setAttribute("aria-pressed", String(button.dataset.laneOf === lane));
  }

  /** Goes to a moment: into the piece that holds it, or to the beginning of the next one. */
  seek(ms, play, stop = Infinity) {
    this.#stop = stop;
    const piece = this.#pieces.find((each) => ms < each.until) ?? this.#pieces.at(-1);
    const offset = Math.max(0, ms - piece.at) / 1000;
    const go = () => {
      this.#video.currentTime = offset;
      if (play) this.#video.play().catch(() => {});
    };
    if (piece === this.#piece) { go(); return; }
    this.#piece = piece;
    this.#video.src = `/proctor/recordings/${piece.id}`;
    this.#video.addEventListener("loadedmetadata", go, { once: true });
    this.#video.load();
    this.#show();
  }

  #show() {
    const ms = this.now;
    this.#cursor.style.left = `calc(var(--lane-name) + (100% - var(--lane-name)) * ${share(ms) / 100})`;
    this.#now.textContent = clock(ms);
    if (ms >= this.#stop) {
      this.#stop = Infinity;
      this.#video.pause();
    }
  }
}

if (player && lanes.size > 0) {
  const film = new Film();
  axis.addEventListener("click", (event) => {
    const line = axis.querySelector(".lane-line").getBoundingClientRect();
    film.seek(from + (to - from) * Math.min(1, Math.max(0, (event.clientX - line.left) / line.width)), true);
  });
  for (const button of document.querySelectorAll("[data-play]")) {
    button.addEventListener("click", () => {
      film.turnTo(button.dataset.laneOf);
      film.seek(Number(button.dataset.play), true, Number(button.dataset.stop ?? Infinity));
    });
  }
  for (const button of player.querySelectorAll("[data-lane-of]")) {
    button.addEventListener("click", () => {
      const { now } = film;
      film.turnTo(button.dataset.laneOf);
      film.seek(now, true);
    });
  }
  // the drawer's link to an observation: its clip is ready, and plays when asked to
  const asked = document.getElementById(location.hash.slice(1))?.querySelector("[data-play]");
  if (asked) film.seek(Number(asked.dataset.play), false, Number(asked.dataset.stop ?? Infinity));
}

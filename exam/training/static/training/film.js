// A lesson's film: on the first pass it is watched in order and at its own speed, and waits whenever nothing counts.

import { besides } from "./beside.js";
import { play } from "./player.js";

const SLACK_S = 3;

export class Film {
  constructor(box, find, words) {
    Object.assign(this, { find, words, touch: () => {} });
    this.video = find("video");
    this.length = Number(box.dataset.length) / 1000;
    this.reach = Number(box.dataset.reach) / 1000;
    this.finished = box.dataset.finished === "1";
    this.furthest = this.finished ? 0 : this.reach;
    this.wanted = false;
    this.held = false;
    this.video.currentTime = this.furthest;
    const { film: base, codecs } = box.dataset;
    find("no-player").hidden = play(this.video, { base, codecs, at: this.furthest });
    this.video.addEventListener("loadedmetadata", () => this.back(this.furthest), { once: true });
    besides(this.video);
    this.listen();
    this.controls();
  }

  listen() {
    const { video } = this;
    video.addEventListener("timeupdate", () => this.moved());
    video.addEventListener("seeking", () => {
      if (!this.finished && video.currentTime > this.furthest + 0.5) this.back(this.furthest);
    });
    video.addEventListener("ratechange", () => {
      if (!this.finished && video.playbackRate > 1) video.playbackRate = 1;
    });
    for (const name of ["play", "pause", "ended"]) video.addEventListener(name, () => this.show());
  }

  controls() {
    this.find("play").addEventListener("click", () => this.toggle());
    this.video.addEventListener("click", () => { if (!this.finished) this.toggle(); });
    this.find("again-10").addEventListener("click", () => this.back(Math.max(this.video.currentTime - 10, 0)));
    this.find("wide").addEventListener("click", () => {
      const { video } = this;
      if (video.requestFullscreen) video.requestFullscreen();
      else video.webkitEnterFullscreen?.();
    });
    this.find("mute").addEventListener("click", () => { this.video.muted = !this.video.muted; this.show(); });
    this.find("words-on")?.addEventListener("change", (event) => this.subtitles(event.target.value));
  }

  subtitles(language) {
    for (const track of this.video.textTracks) track.mode = track.language === language ? "showing" : "disabled";
  }

  back(to) {
    if (Math.abs(this.video.currentTime - to) > 0.05) this.video.currentTime = to;
  }

  toggle() {
    this.wanted = this.video.paused;
    if (this.video.paused) this.start();
    else this.video.pause();
    this.show();
  }

  start() {
    if (!this.held) this.video.play().catch(() => { this.wanted = false; this.show(); });
  }

  /** Watching is attention: only the presence checks ask for a hand. */
  moved() {
    const { video } = this;
    if (!video.paused && !video.seeking) {
      this.touch();
      this.furthest = Math.max(this.furthest, video.currentTime);
    }
    this.show();
  }

  said() {
    const at = this.video.ended ? this.length : Math.min(this.video.currentTime, this.length);
    return { position_ms: Math.round(at * 1000) };
  }

  /** Go back to what counts when the film has run ahead of it. */
  take(study) {
    this.reach = study.reach_ms / 1000;
    this.finished = study.finished;
    if (this.finished || this.video.currentTime <= this.reach + SLACK_S) return;
    this.furthest = this.reach;
    this.back(this.reach);
    if (this.wanted) this.start();
  }

  /** Stop while nothing would count, and go on by itself afterwards. */
  hold(held) {
    if (held === this.held) return;
    this.held = held;
    if (held) this.video.pause();
    else if (this.wanted && !this.video.ended) this.start();
  }

  state() {
    if (this.video.paused) return this.video.ended ? this.words.run : this.words.paused;
    return `${this.words.run} · ${this.words.left.replace("{time}", clock(this.length - this.video.currentTime))}`;
  }

  show() {
    const { video } = this;
    const name = video.paused ? "play" : "pause";
    for (const part of this.find("play").querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== name;
    for (const part of this.find("mute").querySelectorAll("[data-when]")) {
      part.hidden = part.dataset.when !== (video.muted ? "muted" : "loud");
    }
    video.controls = this.finished;
    this.find("controls").hidden = this.finished;
    this.find("clock").textContent = `${clock(video.currentTime)} / ${clock(this.length)}`;
  }
}

export function clock(seconds) {
  const whole = Math.max(Math.round(seconds), 0);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

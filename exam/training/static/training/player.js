// Plays a film's segments: through Media Source Extensions, or by the browser's own HLS where it has that alone.
// A segment that is not open yet is asked for again a little later.

const AHEAD_S = 14; // the server opens 30 s beyond what counts, and that lags one report behind the picture
const BEHIND_S = 60;
const AGAIN_MS = 2000;
const HLS = "application/vnd.apple.mpegurl";

/** Let a video element play the film at `base`; `ends` are the instants in seconds at which its segments end. */
export function play(video, { base, codecs, ends }) {
  const kind = `video/mp4; codecs="${codecs}"`;
  if (window.MediaSource?.isTypeSupported(kind)) return new Segments(video, base, kind, ends).open();
  if (video.canPlayType(HLS)) {
    video.src = `${base}.m3u8`;
    return true;
  }
  return false;
}

class Segments {
  constructor(video, base, kind, ends) {
    Object.assign(this, { video, base, kind, ends, held: new Set(), busy: false });
  }

  open() {
    this.source = new MediaSource();
    this.source.addEventListener("sourceopen", () => this.begin(), { once: true });
    for (const name of ["timeupdate", "seeking", "waiting", "play"]) this.video.addEventListener(name, () => this.fill());
    this.video.src = URL.createObjectURL(this.source);
    return true;
  }

  async begin() {
    URL.revokeObjectURL(this.video.src);
    this.buffer = this.source.addSourceBuffer(this.kind);
    this.source.duration = this.ends.at(-1);
    while (!await this.fetch("init")) await new Promise((done) => { setTimeout(done, AGAIN_MS); });
    this.ready = true;
    this.video.dispatchEvent(new Event("ready"));
    this.fill();
  }

  /** Fetch and append what is wanted next, one thing at a time. */
  async fill() {
    if (!this.ready || this.busy || this.video.error) return;
    const place = this.wanted();
    if (place < 0) return;
    this.busy = true;
    const got = await this.fetch(`segments/${place}`).catch(() => false);
    if (got) {
      this.held.add(place);
      await this.forget();
      this.jumpIn();
    } else await new Promise((done) => { setTimeout(done, AGAIN_MS); });
    if (this.held.size === this.ends.length && this.source.readyState === "open") this.source.endOfStream();
    this.busy = false;
    this.fill();
  }

  wanted() {
    const now = this.video.currentTime;
    return this.ends.findIndex((end, place) => {
      const start = place ? this.ends[place - 1] : 0;
      return !this.held.has(place) && end > now && start < now + AHEAD_S;
    });
  }

  async fetch(what) {
    const answer = await fetch(`${this.base}/${what}`).catch(() => null);
    if (!answer?.ok) return false;
    const bytes = await answer.arrayBuffer().catch(() => null);
    if (!bytes) return false;
    await this.done(() => this.buffer.appendBuffer(bytes));
    return true;
  }

  /** Let go of what was shown long ago: memory is small on phones. */
  async forget() {
    const edge = this.video.currentTime - BEHIND_S;
    const old = [...this.held].filter((place) => this.ends[place] < edge);
    if (!old.length || this.held.size === this.ends.length) return;
    await this.done(() => this.buffer.remove(0, this.ends[Math.max(...old)]));
    old.forEach((place) => this.held.delete(place));
  }

  /** A film may begin a moment after nought: a player would wait there for ever. */
  jumpIn() {
    const { buffered, currentTime } = this.video;
    if (buffered.length && currentTime < buffered.start(0) && buffered.start(0) - currentTime < 1) {
      this.video.currentTime = buffered.start(0) + 0.001;
    }
  }

  done(act) {
    return new Promise((resolve) => {
      this.buffer.addEventListener("updateend", resolve, { once: true });
      act();
    });
  }
}

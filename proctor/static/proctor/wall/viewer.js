/** One connection that brings pictures of a room, or the sound of one seat: one section for each, in the order of their names. */

const SILENCE_MS = 4000;
const CONNECT_MS = 8000;
const GATHER_MS = 1500;
const GATHER_RELAY_MS = 4000;

/** The way over the operator's relay: it comes with an answer and serves the next try, for most networks need none. */
let relays = [];
const LOOK_MS = 1000;

function gathered(connection) {
  if (connection.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    connection.addEventListener("icegatheringstatechange", () => { if (connection.iceGatheringState === "complete") resolve(); });
    window.setTimeout(resolve, relays.length ? GATHER_RELAY_MS : GATHER_MS);
  });
}

/** Events: live, lost. */
export class Viewer extends EventTarget {
  #connection = new RTCPeerConnection({ iceServers: relays, bundlePolicy: "max-bundle" });
  #watch = null;
  #heard = { bytes: 0, at: 0 };
  #state = "new";
  streams = new Map();

  /** `sources` are names of pictures; each gets a stream that stays empty until its publisher sends. */
  constructor(sources) {
    super();
    this.sources = sources;
    for (const name of sources) {
      const kind = name.endsWith("/sound") ? "audio" : "video";
      const transceiver = this.#connection.addTransceiver(kind, { direction: "recvonly" });
      if (kind === "audio") transceiver.setCodecPreferences(RTCRtpReceiver.getCapabilities(kind).codecs.filter(({ mimeType }) => mimeType === "audio/opus"));
      const { receiver } = transceiver;
      if ("playoutDelayHint" in receiver) receiver.playoutDelayHint = 0;
      this.streams.set(name, new MediaStream([receiver.track]));
    }
    this.#connection.addEventListener("connectionstatechange", () => {
      if (this.#connection.connectionState === "connected") this.#become("live");
      if (this.#connection.connectionState === "failed") this.#become("lost");
    });
  }

  get isLive() { return this.#state === "live"; }

  async connect(exchange) {
    await this.#connection.setLocalDescription(await this.#connection.createOffer());
    await gathered(this.#connection);
    const { sdp, relay } = await exchange(this.#connection.localDescription.sdp, this.sources);
    relays = relay ? [relay] : [];
    if (this.#state === "closed") return;
    await this.#connection.setRemoteDescription({ type: "answer", sdp });
    this.#heard = { bytes: 0, at: performance.now() + CONNECT_MS - SILENCE_MS };
    this.#watch = window.setInterval(() => this.#listen(), LOOK_MS);
  }

  close() {
    this.#state = "closed";
    window.clearInterval(this.#watch);
    this.#connection.close();
  }

  /** The node reports every second for each picture, running or not: silence means that it is gone. */
  async #listen() {
    const stats = await this.#connection.getStats().catch(() => new Map());
    const now = performance.now();
    for (const each of stats.values()) {
      if (each.type === "transport" && each.bytesReceived !== this.#heard.bytes) this.#heard = { bytes: each.bytesReceived, at: Math.max(now, this.#heard.at) };
    }
    if (now - this.#heard.at > SILENCE_MS) this.#become("lost");
  }

  #become(state) {
    if (this.#state === state || this.#state === "closed" || this.#state === "lost") return;
    this.#state = state;
    if (state === "lost") window.clearInterval(this.#watch);
    this.dispatchEvent(new Event(state));
  }
}

/** One connection that sends this seat's tracks: the tile always, the full picture and the screen while somebody looks, sound
    while somebody listens. */

const PICTURES = ["tile", "full", "screen"];
const ENCODINGS = {
  tile: { scaleResolutionDownBy: 2, maxFramerate: 10, maxBitrate: 150_000, active: true },
  full: { maxFramerate: 15, maxBitrate: 600_000, active: false },
  screen: { maxFramerate: 5, maxBitrate: 600_000, active: false },
};
const SOUND = { maxBitrate: 32_000 };
const SILENCE_MS = 4000;
const CONNECT_MS = 8000;
const LOOK_MS = 1000;
const GATHER_MS = 1500;
const GATHER_RELAY_MS = 4000;

/** The way over the operator's relay: it comes with an answer and serves the next try, for most networks need none. */
let relays = [];

/** Resolves when every candidate is known, or after a moment: a description without them all still connects. */
function gathered(connection) {
  if (connection.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => { if (connection.iceGatheringState === "complete") resolve(); };
    connection.addEventListener("icegatheringstatechange", done);
    window.setTimeout(resolve, relays.length ? GATHER_RELAY_MS : GATHER_MS);
  });
}

/** Offers these codecs and no other, where the browser lets a page choose. */
function offerOnly(transceiver, kind, wanted) {
  const codecs = RTCRtpReceiver.getCapabilities(kind).codecs;
  transceiver.setCodecPreferences?.(codecs.filter(({ mimeType }) => wanted.includes(mimeType.toLowerCase())));
}

/** Events: live, lost. A lost publisher is thrown away and a new one made. */
export class Publisher extends EventTarget {
  #connection = new RTCPeerConnection({ iceServers: relays, bundlePolicy: "max-bundle" });
  #senders = new Map();
  #watch = null;
  #heard = { bytes: 0, at: 0 };
  #state = "new";

  /** `camera` and `screen` are MediaStreamTracks; the screen may be missing. */
  constructor(camera, screen) {
    super();
    for (const name of PICTURES) {
      const track = name === "screen" ? screen : camera;
      const transceiver = this.#connection.addTransceiver(track ?? "video", { direction: "sendonly", sendEncodings: [ENCODINGS[name]] });
      offerOnly(transceiver, "video", ["video/vp8", "video/rtx"]);
      this.#senders.set(name, transceiver.sender);
    }
    // a place for sound with nothing on it; the node takes it in Opus alone
    if ("setCodecPreferences" in RTCRtpTransceiver.prototype) {
      const transceiver = this.#connection.addTransceiver("audio", { direction: "sendonly", sendEncodings: [SOUND] });
      offerOnly(transceiver, "audio", ["audio/opus"]);
      this.#senders.set("sound", transceiver.sender);
    }
    this.#connection.addEventListener("connectionstatechange", () => this.#changed());
  }

  get tracks() { return [...this.#senders.keys()]; }

  /** Offers, lets `exchange` bring the answer, and connects. */
  async connect(exchange) {
    await this.#connection.setLocalDescription(await this.#connection.createOffer());
    await gathered(this.#connection);
    const { sdp, relay } = await exchange(this.#connection.localDescription.sdp);
    relays = relay ? [relay] : [];
    if (this.#state === "closed") return;
    await this.#connection.setRemoteDescription({ type: "answer", sdp });
    this.#heard = { bytes: 0, at: performance.now() + CONNECT_MS - SILENCE_MS };
    this.#watch = window.setInterval(() => this.#listen(), LOOK_MS);
  }

  /** Sends what is wanted and stops the rest, without a new offer. */
  async want(names) {
    for (const name of PICTURES) {
      const sender = this.#senders.get(name);
      const parameters = sender.getParameters();
      const active = name === "tile" || names.includes(name);
      if (!parameters.encodings?.length || parameters.encodings[0].active === active) continue;
      parameters.encodings[0].active = active;
      await sender.setParameters(parameters).catch(() => {});
    }
  }

  /** Puts the shared screen, or nothing, on its track. */
  async share(screen) { await this.#senders.get("screen").replaceTrack(screen).catch(() => {}); }

  /** Puts the microphone, or nothing, on its track; false where the connection has no place for it. */
  async speak(microphone) {
    const sender = this.#senders.get("sound");
    if (this.#state === "closed" || !sender) return false;
    return sender.replaceTrack(microphone).then(() => true, () => false);
  }

  close() {
    this.#state = "closed";
    window.clearInterval(this.#watch);
    this.#connection.close();
  }

  #changed() {
    const state = this.#connection.connectionState;
    if (state === "connected") this.#become("live");
    if (state === "failed" || state === "closed") this.#become("lost");
  }

  /** The node reports at least once a second: silence means that it is gone, long before ICE gives up. */
  async #listen() {
    const stats = await this.#connection.getStats().catch(() => []);
    const now = performance.now();
    for (const each of stats.values?.() ?? []) {
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

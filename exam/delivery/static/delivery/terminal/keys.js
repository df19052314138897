/** The terminal's own key pair and the key of its vault: made here, kept in IndexedDB, never extractable. */

const SIGNING = { name: "ECDSA", namedCurve: "P-256" };
const VAULT = { name: "AES-GCM", length: 256 };
const IV_BYTES = 12;

const utf8 = new TextEncoder();

/** Writes bytes as base64url without padding. */
export function base64url(bytes) {
  let text = "";
  for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** Reads base64 or base64url. */
export function fromBase64(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/").replace(/\s/g, ""));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

/** Signs for this terminal and seals what it keeps on its disk. */
export class Keys {
  #store;
  #pair;
  #vault;
  #nonce;

  constructor(store, pair, vault, nonce) {
    this.#store = store;
    this.#nonce = nonce;
    this.#pair = pair;
    this.#vault = vault;
  }

  /** Opens this browser's keys, making them once. */
  static async open(store) {
    let pair = await store.get("keys", "terminal");
    let vault = await store.get("keys", "vault");
    if (!pair || !vault) {
      pair = await crypto.subtle.generateKey(SIGNING, false, ["sign", "verify"]);
      vault = await crypto.subtle.generateKey(VAULT, false, ["encrypt", "decrypt"]);
      await store.write([["keys", pair, "terminal"], ["keys", vault, "vault"]]);
    }
    return new Keys(store, pair, vault, (await store.get("facts", "nonce")) ?? 0);
  }

  /** The public half as the two coordinates of its JWK. */
  async publicKey() {
    const { x, y } = await crypto.subtle.exportKey("jwk", this.#pair.publicKey);
    return { x, y };
  }

  /** A number for the next signature: it rises over reloads too, whatever the computer's clock does. */
  nonce(now) {
    this.#nonce = Math.max(this.#nonce + 1, Math.round(now));
    this.#store.put("facts", this.#nonce, "nonce").catch(() => {});
    return this.#nonce;
  }

  /** Signs the parts joined by bars: raw r||s, base64url. */
  async sign(...parts) {
    const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, this.#pair.privateKey, utf8.encode(parts.join("|")));
    return base64url(signature);
  }

  /** Seals a JSON value; `label` is bound to it, so a sealed piece cannot be read as another one. */
  async seal(value, label) {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8.encode(label) }, this.#vault, utf8.encode(JSON.stringify(value)));
    return { iv, data };
  }

  /** Opens what `seal` closed. */
  async unseal({ iv, data }, label) {
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: utf8.encode(label) }, this.#vault, data);
    return JSON.parse(new TextDecoder().decode(plain));
  }

  /** Keeps a sealed value in the vault under its label. */
  async keep(label, value) {
    await this.#store.put("vault", await this.seal(value, label), label);
  }

  /** Returns a kept value, or null where there is none or it cannot be opened. */
  async kept(label) {
    const sealed = await this.#store.get("vault", label);
    if (!sealed) return null;
    return this.unseal(sealed, label).catch(() => null);
  }
}

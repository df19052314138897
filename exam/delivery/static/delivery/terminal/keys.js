/** The terminal's own key pair and the key of its vault, and the package that is made when the network never returns.
 *
 * The content key of a package is wrapped for the server's public key (RSA-OAEP, SHA-256); the terminal signs head and
 * content, so a changed byte or another candidate's head is found out.
 */

import { button, h } from "./dom.js";
import { failure, word } from "./words.js";

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

const FORMAT = "ankao-answers-1";

function serverKey() {
  return document.querySelector('meta[name="answer-package-key"]')?.content ?? "";
}

/** Packs a journal; returns the package as a plain object. */
export async function pack({ keys, clock, terminal }, session) {
  const wrapping = await crypto.subtle.importKey("spki", fromBase64(serverKey()), { name: "RSA-OAEP", hash: "SHA-256" }, false, ["wrapKey"]);
  const content = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"]);
  const head = [FORMAT, session.attempt, terminal.id, session.facts.epoch ?? 0, Math.round(clock.now())].join("|");
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const plain = utf8.encode(JSON.stringify({ responses: session.journal.entries() }));
  const sealed = base64url(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8.encode(head) }, content, plain));
  const wrapped = base64url(await crypto.subtle.wrapKey("raw", content, wrapping, { name: "RSA-OAEP" }));
  const parts = { head, key: wrapped, iv: base64url(iv), content: sealed };
  return { ...parts, signature: await keys.sign(parts.head, parts.key, parts.iv, parts.content) };
}

function download(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = h("a", { href: address, download: name });
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** A button that hands the package over; null where the page brought no key. */
export function packageButton(tools, session) {
  if (!serverKey()) return null;
  const words = h("span", { role: "status", class: "hint" });
  const save = async () => {
    try {
      const seat = session.facts.seat ?? "terminal";
      download(JSON.stringify(await pack(tools, session)), `ankao-${seat}-${session.attempt}.answers`);
      words.textContent = word("package.done");
    } catch (error) {
      words.textContent = failure(error).sentence;
    }
  };
  return h("div", { class: "package" }, button(word("package"), { picture: "down", on: { click: save } }), words);
}

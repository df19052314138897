/** The emergency package: the answers of this machine, encrypted for the server, when the network never returns.
 *
 * The content key is wrapped for the server's public key (RSA-OAEP, SHA-256); the terminal signs head and content, so a
 * changed byte or another candidate's head is found out.
 */

import { button, h } from "./dom.js";
import { base64url, fromBase64 } from "./keys.js";
import { failure, word } from "./words.js";

const FORMAT = "ankao-answers-1";
const IV_BYTES = 12;

const utf8 = new TextEncoder();

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

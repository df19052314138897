/* The offline verifier. Same rules as certs/qr.py, certs/statuslist.py and certs/envelope.py; no network anywhere. */
const data = JSON.parse(document.getElementById("data").textContent);
const DAY_MS = 86400000;
const EPOCH_MS = Date.UTC(2000, 0, 1);
const QR_DOMAIN = ascii("ankao credential qr v1\0");
const FILE_DOMAIN = ascii("ankao credential file v1\0");
const SEAL = /06146981ACD1FEF387C7E283AD968D8BDDEBA3CC806A314A0448([0-9A-F]{144})/g;
const CODES = { 0: "issued", 1: "revoked", 2: "suspended", 3: "superseded", 12: "annulled", 13: "lapsed" };
const MAX_ENTRIES = 1 << 25;
const MAX_FILE = 5 * 1024 * 1024;

class Refused extends Error {}

function refuse(reason) {
  throw new Refused(reason);
}

function need(sound, reason) {
  if (!sound) refuse(reason || "malformed");
}

/* Bytes. */

function ascii(text) {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bits(text, alphabet, width) {
  const out = [];
  let held = 0;
  let have = 0;
  for (const letter of text) {
    const value = alphabet.indexOf(letter);
    need(value >= 0);
    held = (held << width) | value;
    have += width;
    if (have >= 8) {
      have -= 8;
      out.push((held >> have) & 255);
      held &= (1 << have) - 1;
    }
  }
  // spare bits are zero and fewer than a letter holds, or several texts would stand for the same bytes
  need(held === 0 && have < width);
  return Uint8Array.from(out);
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const B32 = LETTERS + "234567";
const B64 = LETTERS + LETTERS.toLowerCase() + "0123456789+/";
const B64URL = B64.replace("+/", "-_");

function utf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse("malformed");
  }
}

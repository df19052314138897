/* The offline verifier. Same rules as certs/qr.py, certs/statuslist.py and certs/envelope.py; no network anywhere. */
"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const DAY_MS = 86400000;
  const EPOCH_MS = Date.UTC(2000, 0, 1);
  const QR_DOMAIN = ascii("ankao credential qr v1\0");
  const FILE_DOMAIN = ascii("ankao credential file v1\0");
  const CODES = { 0: "issued", 1: "revoked", 2: "suspended", 3: "superseded", 12: "annulled" };
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

  /* SHA-512 (FIPS 180-4) and Ed25519 (RFC 8032 §5.1.7), for browsers whose WebCrypto lacks them. */

  const WORD = (1n << 64n) - 1n;
  const P = (1n << 255n) - 19n;
  const L = (1n << 252n) + 27742317777372353535851937790883648493n;

  function primes(count) {
    const found = [];
    for (let n = 2; found.length < count; n += 1) {
      if (found.every((prime) => n % prime)) found.push(n);
    }
    return found;
  }

  function root(value, degree) {
    let low = 0n;
    let high = 1n << 80n;
    while (high - low > 1n) {
      const middle = (low + high) >> 1n;
      if (middle ** degree <= value) low = middle;
      else high = middle;
    }
    return low;
  }

  const FIRST = primes(80).map(BigInt);
  const START = FIRST.slice(0, 8).map((prime) => root(prime << 128n, 2n) & WORD);
  const ROUND = FIRST.map((prime) => root(prime << 192n, 3n) & WORD);

  function turn(word, by) {
    return ((word >> by) | (word << (64n - by))) & WORD;
  }

  function sha512(message) {
    const size = Math.ceil((message.length + 17) / 128) * 128;
    const padded = new Uint8Array(size);
    padded.set(message);
    padded[message.length] = 128;
    const view = new DataView(padded.buffer);
    view.setUint32(size - 4, message.length * 8);
    let state = START.slice();
    for (let at = 0; at < size; at += 128) state = compressed(state, view, at);
    const out = new DataView(new ArrayBuffer(64));
    state.forEach((word, index) => out.setBigUint64(index * 8, word));
    return new Uint8Array(out.buffer);
  }

  function compressed(state, view, at) {
    const w = [];
    for (let t = 0; t < 80; t += 1) {
      if (t < 16) {
        w.push(view.getBigUint64(at + t * 8));
        continue;
      }
      const s0 = turn(w[t - 15], 1n) ^ turn(w[t - 15], 8n) ^ (w[t - 15] >> 7n);
      const s1 = turn(w[t - 2], 19n) ^ turn(w[t - 2], 61n) ^ (w[t - 2] >> 6n);
      w.push((w[t - 16] + s0 + w[t - 7] + s1) & WORD);
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 80; t += 1) {
      const s1 = turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n);
      const one = h + s1 + ((e & f) ^ (~e & WORD & g)) + ROUND[t] + w[t];
      const s0 = turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n);
      const two = s0 + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) & WORD, c, b, a, (one + two) & WORD];
    }
    return [a, b, c, d, e, f, g, h].map((word, index) => (word + state[index]) & WORD);
  }

  function mod(value, by = P) {
    const rest = value % by;
    return rest < 0n ? rest + by : rest;
  }

  function power(base, exponent) {
    let out = 1n;
    for (let rest = exponent; rest > 0n; rest >>= 1n) {
      if (rest & 1n) out = mod(out * base);
      base = mod(base * base);
    }
    return out;
  }

  const D = mod(-121665n * power(121666n, P - 2n));
  const ROOT_M1 = power(2n, (P - 1n) / 4n);

  function number(bytes) {
    return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  }

  function point(bytes) {
    const value = number(bytes);
    const y = value & ((1n << 255n) - 1n);
    if (y >= P) return null;
    const yy = mod(y * y);
    const u = mod(yy - 1n);
    const v = mod(D * yy + 1n);
    let x = mod(u * power(v, 3n) * power(mod(u * power(v, 7n)), (P - 5n) / 8n));
    if (mod(v * x * x) === mod(-u)) x = mod(x * ROOT_M1);
    if (mod(v * x * x) !== u) return null;
    const sign = value >> 255n;
    if (x === 0n && sign === 1n) return null;
    if ((x & 1n) !== sign) x = P - x;
    return [x, y, 1n, mod(x * y)];
  }

  function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
    const a = mod((y1 - x1) * (y2 - x2));
    const b = mod((y1 + x1) * (y2 + x2));
    const c = mod(2n * t1 * t2 * D);
    const d = mod(2n * z1 * z2);
    const [e, f, g, h] = [b - a, d - c, d + c, b + a];
    return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
  }

  function times(scalar, base) {
    let out = [0n, 1n, 1n, 0n];
    for (let rest = scalar; rest > 0n; rest >>= 1n) {
      if (rest & 1n) out = add(out, base);
      base = add(base, base);
    }
    return out;
  }

  function same([x1, y1, z1], [x2, y2, z2]) {
    return mod(x1 * z2 - x2 * z1) === 0n && mod(y1 * z2 - y2 * z1) === 0n;
  }

  function verifiedHere(key, signature, message) {
    const base = point(Uint8Array.from([0x58, ...Array(31).fill(0x66)]));
    const s = number(signature.slice(32));
    const [a, r] = [point(key), point(signature.slice(0, 32))];
    if (a === null || r === null || s >= L) return false;
    const k = mod(number(sha512(joined(signature.slice(0, 32), key, message))), L);
    return same(times(s, base), add(r, times(k, a)));
  }

  async function verified(key, signature, message) {
    let imported;
    try {
      imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    } catch {
      return verifiedHere(key, signature, message);
    }
    return crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
  }

  /* Inflate (RFC 1951), for the list and for what a PDF carries; never more than `limit` bytes. */

  const LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
  const DISTANCES = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
  const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

  function tree(lengths) {
    const counts = new Uint16Array(16);
    lengths.forEach((length) => (counts[length] += length ? 1 : 0));
    const starts = new Uint16Array(16);
    for (let n = 1; n < 15; n += 1) starts[n + 1] = starts[n] + counts[n];
    const symbols = new Uint16Array(lengths.length);
    lengths.forEach((length, symbol) => {
      if (length) symbols[starts[length]++] = symbol;
    });
    return { counts, symbols };
  }

  function inflate(source, limit) {
    let [at, held, have] = [0, 0, 0];
    let [out, size] = [new Uint8Array(Math.min(limit, 1 << 16)), 0];

    function take(count) {
      while (have < count) {
        need(at < source.length);
        held |= source[at++] << have;
        have += 8;
      }
      const value = held & ((1 << count) - 1);
      held >>>= count;
      have -= count;
      return value;
    }

    function symbol({ counts, symbols }) {
      let [code, first, index] = [0, 0, 0];
      for (let n = 1; n < 16; n += 1) {
        code |= take(1);
        if (code - counts[n] < first) return symbols[index + (code - first)];
        index += counts[n];
        first = (first + counts[n]) << 1;
        code <<= 1;
      }
      return refuse("malformed");
    }

    function put(byte) {
      need(size < limit);
      if (size === out.length) {
        const more = new Uint8Array(Math.min(limit, out.length * 2));
        more.set(out);
        out = more;
      }
      out[size++] = byte;
    }

    function stored() {
      [held, have] = [0, 0];
      const length = source[at] | (source[at + 1] << 8);
      at += 4;
      need(at + length <= source.length);
      for (let n = 0; n < length; n += 1) put(source[at++]);
    }

    function described() {
      const [literals, distances, codes] = [take(5) + 257, take(5) + 1, take(4) + 4];
      const lengths = Array(19).fill(0);
      for (let n = 0; n < codes; n += 1) lengths[ORDER[n]] = take(3);
      const first = tree(lengths);
      const all = [];
      while (all.length < literals + distances) {
        const word = symbol(first);
        if (word < 16) all.push(word);
        else {
          need(word !== 16 || all.length > 0);
          const value = word === 16 ? all[all.length - 1] : 0;
          const count = word === 16 ? 3 + take(2) : word === 17 ? 3 + take(3) : 11 + take(7);
          for (let n = 0; n < count; n += 1) all.push(value);
        }
      }
      need(all.length === literals + distances);
      return [tree(all.slice(0, literals)), tree(all.slice(literals))];
    }

    function fixed() {
      const lengths = Array.from({ length: 288 }, (_, n) => (n < 144 ? 8 : n < 256 ? 9 : n < 280 ? 7 : 8));
      return [tree(lengths), tree(Array(30).fill(5))];
    }

    function block([literals, distances]) {
      for (;;) {
        const word = symbol(literals);
        if (word === 256) return;
        if (word < 256) {
          put(word);
          continue;
        }
        need(word < 286);
        const length = LENGTHS[word - 257] + (word < 265 || word === 285 ? 0 : take((word - 261) >> 2));
        const far = symbol(distances);
        need(far < 30);
        const distance = DISTANCES[far] + (far < 4 ? 0 : take((far - 2) >> 1));
        need(distance <= size);
        for (let n = 0; n < length; n += 1) put(out[size - distance]);
      }
    }

    for (let last = 0; !last; ) {
      last = take(1);
      const kind = take(2);
      need(kind < 3);
      if (kind === 0) stored();
      else block(kind === 1 ? fixed() : described());
    }
    return { bytes: out.slice(0, size), rest: source.slice(at) };
  }

  function unzip(source, limit) {
    need(source.length > 6 && (source[0] & 15) === 8 && ((source[0] << 8) | source[1]) % 31 === 0 && !(source[1] & 32));
    const { bytes, rest } = inflate(source.slice(2), limit);
    let [a, b] = [1, 0];
    for (const byte of bytes) {
      a = (a + byte) % 65521;
      b = (b + a) % 65521;
    }
    need(rest.length === 4 && hex(rest) === ((((b << 16) >>> 0) + a) >>> 0).toString(16).padStart(8, "0"));
    return bytes;
  }

  /* The keys that this file trusts. */

  const keys = new Map(
    data.keys.map(({ id, issuer, public: raw }) => [id, { id, issuer, raw: bits(raw.replace(/=+$/, ""), B64, 6) }])
  );

  async function signedBy(id, message, signature) {
    const key = keys.get(id);
    need(key, "unknown_key");
    need(await verified(key.raw, signature, message), "signature");
    return key;
  }

  /* The statement of a QR (certs/qr.py). */

  function unwrap(text) {
    const printed = /^(?:https?:\/\/\S*?\/v\/|\/v\/)?(AK1\.[A-Z2-7]+)$/.exec(text.trim());
    need(printed && printed[1].length <= 300);
    return bits(printed[1].slice(4), B32, 5);
  }

  function day(count) {
    return new Date(EPOCH_MS + count * DAY_MS).toISOString().slice(0, 10);
  }

  function statement(bytes) {
    let at = 0;
    function take(count) {
      need(at + count <= bytes.length);
      at += count;
      return bytes.slice(at - count, at);
    }
    const whole = (count) => take(count).reduce((sum, byte) => sum * 256 + byte, 0);
    const version = whole(1);
    need(version === 1 || version === 2);
    take(16);
    const [item, name, tail] = [utf8(take(whole(1))), utf8(take(whole(1))), utf8(take(4))];
    const [from, until] = [whole(2), whole(2)];
    take(16);
    const position = version === 2 ? whole(4) : null;
    need(at === bytes.length && /^[a-z0-9.-]{1,48}$/.test(item) && name.includes("*") && /^[0-9A-Z]{4}$/.test(tail));
    need(from <= until && (position === null || position < 2 ** 31));
    return { item, name, tail, from: day(from), until: day(until), position };
  }

  async function readCode(text) {
    const signed = unwrap(text);
    need(signed.length > 72);
    const body = signed.slice(0, -64);
    const said = statement(body.slice(0, -8));
    const key = await signedBy(hex(body.slice(-8)), joined(QR_DOMAIN, body), signed.slice(-64));
    return { ...said, issuer: key.issuer, key: key.id };
  }

  /* The status list (certs/statuslist.py). */

  async function readList(token) {
    const [head, claims, signature, ...more] = token.trim().split(".");
    need(signature && more.length === 0);
    const header = JSON.parse(utf8(bits(head, B64URL, 6)));
    need(header.alg === "EdDSA" && header.typ === "statuslist+jwt");
    const seal = bits(signature, B64URL, 6);
    need(seal.length === 64);
    await signedBy(header.kid, ascii(`${head}.${claims}`), seal);
    const said = JSON.parse(utf8(bits(claims, B64URL, 6)));
    need(said.status_list.bits === 4);
    const packed = unzip(bits(said.status_list.lst, B64URL, 6), MAX_ENTRIES / 2);
    return { issuer: said.iss, signedAt: said.iat * 1000, expiresAt: said.exp * 1000, packed };
  }

  function codeAt(list, position) {
    if (position === null || position >= 2 * list.packed.length) return "unlisted";
    const half = (list.packed[position >> 1] >> (4 * (position % 2))) & 15;
    return CODES[half] || "unlisted";
  }

  /* The file (certs/envelope.py): read by pattern, never parsed. */

  function latin(bytes) {
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return text;
  }

  function textInside(text, bytes) {
    const pattern = /\/Length (\d{1,4}) \/Subtype \/application#2Fjson \/Type \/EmbeddedFile\n>>\nstream\n/g;
    for (let tries = 0, found; tries < 8 && (found = pattern.exec(text)); tries += 1) {
      const start = found.index + found[0].length;
      try {
        const said = JSON.parse(utf8(unzip(bytes.slice(start, start + Number(found[1])), 4096)));
        if (said.version === 1 && typeof said.qr === "string") return said.qr;
      } catch {
        continue;
      }
    }
    return refuse("not_pdf");
  }

  async function isWhole(text, bytes) {
    const seal = /%AKS1 ([A-Za-z0-9+/]{96})\n(startxref\n\d{1,10}\n%%EOF\n)$/.exec(text);
    if (!seal || !text.slice(0, seal.index).endsWith(seal[2])) return false;
    const raw = bits(seal[1], B64, 6);
    try {
      await signedBy(hex(raw.slice(0, 8)), joined(FILE_DOMAIN, bytes.slice(0, seal.index)), raw.slice(8));
    } catch (error) {
      if (error instanceof Refused) return false;
      throw error;
    }
    return true;
  }

  async function readFile(bytes) {
    const text = latin(bytes);
    need(text.startsWith("%PDF-"), "not_pdf");
    let said;
    try {
      said = await readCode(textInside(text, bytes));
    } catch (error) {
      throw error instanceof Refused && error.message === "malformed" ? new Refused("not_pdf") : error;
    }
    return { ...said, file: (await isWhole(text, bytes)) ? "whole" : "altered" };
  }

  /* What the page shows. */

  const words = document.getElementById("words").content;
  const answer = document.getElementById("answer");
  let list = null;

  function inShanghai(ms) {
    return new Date(ms + 8 * 3600000).toISOString().slice(0, 16).replace("T", " ");
  }

  function verdictOf(said) {
    const today = inShanghai(Date.now()).slice(0, 10);
    const code = list ? codeAt(list, said.position) : "no_list";
    if (said.file === "altered") return "file_altered";
    if (code !== "issued" && code !== "unlisted" && code !== "no_list") return code;
    if (today > said.until) return "expired";
    return today < said.from ? "not_yet" : code;
  }

  function fill(node) {
    const fields = { date: list ? inShanghai(list.signedAt) : "", today: inShanghai(Date.now()).slice(0, 10) };
    for (const span of node.querySelectorAll("span")) {
      span.textContent = span.textContent.replace(/\{(date|today)\}/g, (_, name) => fields[name]);
    }
  }

  function show(name, said) {
    const verdict = words.querySelector(`[data-verdict="${name}"]`).cloneNode(true);
    fill(verdict);
    answer.replaceChildren(verdict);
    answer.dataset.verdict = name;
    if (said) answer.append(facts(said));
    answer.focus({ preventScroll: true });
    answer.scrollIntoView({ block: "start" });
  }

  function facts(said) {
    const card = words.querySelector("[data-facts]").cloneNode(true);
    const [chinese, english] = data.titles[said.item] || [said.item, said.item];
    const shown = { ...said, key: grouped(said.key) };
    for (const place of card.querySelectorAll("[data-fact]")) {
      const name = place.dataset.fact;
      if (name === "item") place.replaceChildren(inLanguage("zh-CN", chinese), inLanguage("en", english));
      else place.textContent = shown[name];
    }
    for (const place of card.querySelectorAll("[data-file]")) place.hidden = place.dataset.file !== (said.file || "none");
    return card;
  }

  function inLanguage(language, text) {
    const span = document.createElement("span");
    span.lang = language;
    span.textContent = text;
    return span;
  }

  function grouped(id) {
    return id.replace(/(....)(?=.)/g, "$1 ");
  }

  async function tell(reading) {
    try {
      const said = await reading;
      show(verdictOf(said), said);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      show(error.message);
    }
  }

  function showList() {
    document.getElementById("list-broken").hidden = list !== null;
    document.getElementById("list-old").hidden = list === null || Date.now() <= list.expiresAt;
    document.getElementById("list-time").textContent = list ? inShanghai(list.signedAt) : "—";
    document.getElementById("list-issuer").textContent = list ? list.issuer : "—";
  }

  function showKeys() {
    const place = document.getElementById("keys");
    for (const { id, issuer } of keys.values()) {
      const [term, said, code] = ["dt", "dd", "code"].map((tag) => document.createElement(tag));
      term.textContent = issuer;
      code.textContent = grouped(id);
      said.append(code);
      place.append(term, said);
    }
  }

  async function useNewer(file) {
    let newer = null;
    try {
      newer = await readList(latin(new Uint8Array(await file.arrayBuffer())));
    } catch {
      newer = null;
    }
    const taken = newer !== null && (list === null || newer.signedAt > list.signedAt);
    if (taken) list = newer;
    document.getElementById("newer-taken").hidden = !taken;
    document.getElementById("newer-refused").hidden = taken;
    showList();
  }

  /* The camera, where the browser reads QR symbols itself. */

  const viewer = document.getElementById("viewer");
  const video = document.getElementById("video");
  let looking = false;

  async function canScan() {
    if (!("BarcodeDetector" in window) || !navigator.mediaDevices) return false;
    try {
      return (await BarcodeDetector.getSupportedFormats()).includes("qr_code");
    } catch {
      return false;
    }
  }

  function stop() {
    looking = false;
    viewer.hidden = true;
    if (video.srcObject) video.srcObject.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  }

  async function scan() {
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      document.getElementById("no-camera").hidden = false;
      return;
    }
    viewer.hidden = false;
    looking = true;
    await video.play();
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    while (looking) {
      const [found] = await detector.detect(video);
      if (found && found.rawValue.includes("AK1.")) {
        stop();
        document.getElementById("code").value = found.rawValue;
        await tell(readCode(found.rawValue));
      }
      await new Promise((next) => setTimeout(next, 150));
    }
  }

  function chooseLanguage(english) {
    if (english) document.body.dataset.lang = "en";
    else delete document.body.dataset.lang;
    document.documentElement.lang = english ? "en" : "zh-CN";
  }

  async function begin() {
    chooseLanguage(!/^zh/i.test(navigator.language));
    showKeys();
    try {
      list = await readList(data.list);
    } catch {
      list = null;
    }
    showList();
    const scans = await canScan();
    document.getElementById("camera").hidden = !scans;
    document.getElementById("no-camera").hidden = scans;
    document.body.dataset.ready = "yes";
  }

  document.getElementById("language").addEventListener("click", () => chooseLanguage(!document.body.dataset.lang));
  document.getElementById("code-form").addEventListener("submit", (event) => {
    event.preventDefault();
    tell(readCode(document.getElementById("code").value));
  });
  document.getElementById("camera").addEventListener("click", scan);
  document.getElementById("stop").addEventListener("click", stop);
  document.getElementById("file").addEventListener("change", async ({ target }) => {
    const [file] = target.files;
    if (!file) return;
    if (file.size > MAX_FILE) show("not_pdf");
    else await tell(readFile(new Uint8Array(await file.arrayBuffer())));
  });
  document.getElementById("newer").addEventListener("change", ({ target }) => target.files[0] && useNewer(target.files[0]));
  // the same file chosen again is read again
  for (const input of document.querySelectorAll("input")) input.addEventListener("click", () => (input.value = ""));
  begin();
})();

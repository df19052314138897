/* SHA-256 (FIPS 180-4) and SM3 (GB/T 32905): words of 32 bits, blocks of 64 bytes, the same padding. */

function turned(word, by) {
  return (word << by % 32) | (word >>> (32 - (by % 32)) % 32);
}

function digested(message, state, compress) {
  const padded = new Uint8Array(Math.ceil((message.length + 9) / 64) * 64);
  padded.set(message);
  padded[message.length] = 128;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(message.length / 2 ** 29));
  view.setUint32(padded.length - 4, message.length * 8);
  for (let at = 0; at < padded.length; at += 64) {
    state = compress(state, Array.from({ length: 16 }, (_, t) => view.getInt32(at + 4 * t)));
  }
  const out = new DataView(new ArrayBuffer(32));
  state.forEach((word, index) => out.setInt32(index * 4, word));
  return new Uint8Array(out.buffer);
}

const SHA_ROUND = FIRST.slice(0, 64).map((prime) => Number(BigInt.asIntN(32, root(prime << 96n, 3n))));
const SHA_START = FIRST.slice(0, 8).map((prime) => Number(BigInt.asIntN(32, root(prime << 64n, 2n))));

function sha256Block(state, w) {
  for (let t = 16; t < 64; t += 1) {
    const s0 = turned(w[t - 15], 25) ^ turned(w[t - 15], 14) ^ (w[t - 15] >>> 3);
    const s1 = turned(w[t - 2], 15) ^ turned(w[t - 2], 13) ^ (w[t - 2] >>> 10);
    w.push((w[t - 16] + s0 + w[t - 7] + s1) | 0);
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < 64; t += 1) {
    const s1 = turned(e, 26) ^ turned(e, 21) ^ turned(e, 7);
    const one = (h + s1 + ((e & f) ^ (~e & g)) + SHA_ROUND[t] + w[t]) | 0;
    const s0 = turned(a, 30) ^ turned(a, 19) ^ turned(a, 10);
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
  }
  return [a, b, c, d, e, f, g, h].map((word, index) => (word + state[index]) | 0);
}

const SM3_START = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];

function sm3Block(state, w) {
  for (let t = 16; t < 68; t += 1) {
    const x = w[t - 16] ^ w[t - 9] ^ turned(w[t - 3], 15);
    w.push(x ^ turned(x, 15) ^ turned(x, 23) ^ turned(w[t - 13], 7) ^ w[t - 6]);
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < 64; t += 1) {
    const early = t < 16;
    const ss1 = turned((turned(a, 12) + e + turned(early ? 0x79cc4519 : 0x7a879d8a, t)) | 0, 7);
    const ff = early ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
    const gg = early ? e ^ f ^ g : (e & f) | (~e & g);
    const tt1 = (ff + d + (ss1 ^ turned(a, 12)) + (w[t] ^ w[t + 4])) | 0;
    const tt2 = (gg + h + ss1 + w[t]) | 0;
    [h, g, f, e, d, c, b, a] = [g, turned(f, 19), e, tt2 ^ turned(tt2, 9) ^ turned(tt2, 17), c, turned(b, 9), a, tt1];
  }
  return [a, b, c, d, e, f, g, h].map((word, index) => word ^ state[index]);
}

const sha256 = (message) => digested(message, SHA_START, sha256Block);
const sm3 = (message) => digested(message, SM3_START, sm3Block);

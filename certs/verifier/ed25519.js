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

function power(base, exponent, by = P) {
  let out = 1n;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) out = mod(out * base, by);
    base = mod(base * base, by);
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

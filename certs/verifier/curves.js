/* ECDSA over P-256 (FIPS 186-5) where the page has no WebCrypto, and SM2 (GB/T 32918): y² = x³ - 3x + b, 256 bits. */

function big(bytes) {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function curveOf(prime, b, order, base) {
  const m = (value) => mod(value, prime);

  function doubled([x, y, z]) {
    const [delta, gamma] = [m(z * z), m(y * y)];
    const beta = m(x * gamma);
    const alpha = m(3n * (x - delta) * (x + delta));
    const x3 = m(alpha * alpha - 8n * beta);
    return [x3, m(alpha * (4n * beta - x3) - 8n * gamma * gamma), m(2n * y * z)];
  }

  function plus(one, other) {
    const [[x1, y1, z1], [x2, y2, z2]] = [one, other];
    if (z1 === 0n) return other;
    if (z2 === 0n) return one;
    const [zz1, zz2] = [m(z1 * z1), m(z2 * z2)];
    const [u1, u2, s1, s2] = [m(x1 * zz2), m(x2 * zz1), m(y1 * z2 * zz2), m(y2 * z1 * zz1)];
    if (u1 === u2) return s1 === s2 ? doubled(one) : [1n, 1n, 0n];
    const [h, r] = [m(u2 - u1), m(s2 - s1)];
    const hh = m(h * h);
    const [hhh, v] = [m(h * hh), m(u1 * hh)];
    const x3 = m(r * r - hhh - 2n * v);
    return [x3, m(r * (v - x3) - s1 * hhh), m(z1 * z2 * h)];
  }

  function multiplied(scalar, point) {
    let out = [1n, 1n, 0n];
    for (let rest = scalar; rest > 0n; rest >>= 1n) {
      if (rest & 1n) out = plus(out, point);
      point = doubled(point);
    }
    return out;
  }

  function read(bytes) {
    const [x, y] = [big(bytes.slice(1, 33)), big(bytes.slice(33))];
    const sound = bytes.length === 65 && bytes[0] === 4 && x < prime && y < prime;
    return sound && m(y * y - x * x * x + 3n * x - b) === 0n ? [x, y, 1n] : null;
  }

  /* x of u·G + v·point, or null at infinity */
  function sumX(u, v, point) {
    const [x, , z] = plus(multiplied(u, [...base, 1n]), multiplied(v, point));
    return z === 0n ? null : m(x * power(z, 2n * (prime - 2n), prime));
  }

  return { prime, b, order, base, read, sumX };
}

const P256 = curveOf(
  0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
  0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  [
    0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  ]
);
const SM2 = curveOf(
  0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn,
  0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n,
  0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n,
  [
    0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n,
    0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n,
  ]
);

function read2(curve, key, signature) {
  const [r, s] = [big(signature.slice(0, 32)), big(signature.slice(32))];
  const inside = r > 0n && r < curve.order && s > 0n && s < curve.order;
  return { r, s, point: inside ? curve.read(key) : null };
}

function ecdsaVerifiedHere(key, signature, message) {
  const { r, s, point } = read2(P256, key, signature);
  if (point === null) return false;
  const w = power(s, P256.order - 2n, P256.order);
  const x = P256.sumX(mod(big(sha256(message)) * w, P256.order), mod(r * w, P256.order), point);
  return x !== null && mod(x, P256.order) === r;
}

async function ecdsaVerified(key, signature, message) {
  const kind = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", key, kind, false, ["verify"]);
  } catch {
    return ecdsaVerifiedHere(key, signature, message);
  }
  return crypto.subtle.verify(kind, imported, signature, message);
}

function wide(value) {
  return Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * (31 - at))) & 255n));
}

/* The identity is the one of GB/T 35276. */
const SM2_NAMED = joined(
  Uint8Array.from([0, 128]),
  ascii("1234567812345678"),
  ...[SM2.prime - 3n, SM2.b, ...SM2.base].map(wide)
);

async function sm2Verified(key, signature, message) {
  const { r, s, point } = read2(SM2, key, signature);
  const t = mod(r + s, SM2.order);
  if (point === null || t === 0n) return false;
  const x = SM2.sumX(s, t, point);
  const digest = big(sm3(joined(sm3(joined(SM2_NAMED, key.slice(1))), message)));
  return x !== null && mod(digest + x, SM2.order) === r;
}

const SUITES = { Ed25519: verified, "ECDSA-P256": ecdsaVerified, SM2: sm2Verified };

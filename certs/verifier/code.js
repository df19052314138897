/* The keys that this file trusts. */

const keys = new Map(
  data.keys.map(({ id, issuer, algorithm, public: raw }) => [
    id,
    { id, issuer, verified: SUITES[algorithm], raw: bits(raw.replace(/=+$/, ""), B64, 6) },
  ])
);

async function signedBy(id, message, signature) {
  const key = keys.get(id);
  need(key, "unknown_key");
  need(await key.verified(key.raw, signature, message), "signature");
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

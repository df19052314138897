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

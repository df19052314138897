/* The status list (certs/statuslist.py). */

async function readList(token) {
  const [head, claims, signature, ...more] = token.trim().split(".");
  need(signature && more.length === 0);
  const header = JSON.parse(utf8(bits(head, B64URL, 6)));
  need(["EdDSA", "ES256", "SM2"].includes(header.alg) && header.typ === "statuslist+jwt");
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

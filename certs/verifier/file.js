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

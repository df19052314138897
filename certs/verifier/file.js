/* The file (certs/envelope.py): read by pattern, never parsed. */

function latin(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

function textInside(text, bytes) {
  if (isOfd(text)) return textStored(text);
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

function isOfd(text) {
  return text.startsWith("PK\x03\x04") && text.startsWith("OFD.xml", 30);
}

function textStored(text) {
  const found = /Doc_0\/Attachs\/ankao-credential\.json(\{[^{}]{1,4096}\})/.exec(text);
  try {
    const said = JSON.parse(found[1]);
    if (said.version === 1 && typeof said.qr === "string") return said.qr;
  } catch {
    return refuse("not_pdf");
  }
  return refuse("not_pdf");
}

async function isWhole(text, bytes) {
  const [seal, ...more] = text.matchAll(SEAL);
  if (!seal || more.length) return false;
  const raw = Uint8Array.from(seal[1].match(/../g), (pair) => parseInt(pair, 16));
  const blank = bytes.slice();
  blank.fill(0x30, seal.index + seal[0].length - seal[1].length, seal.index + seal[0].length);
  try {
    await signedBy(hex(raw.slice(0, 8)), joined(FILE_DOMAIN, blank), raw.slice(8));
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
  return true;
}

async function readFile(bytes) {
  const text = latin(bytes);
  need(text.startsWith("%PDF-") || isOfd(text), "not_pdf");
  let said;
  try {
    said = await readCode(textInside(text, bytes));
  } catch (error) {
    throw error instanceof Refused && error.message === "malformed" ? new Refused("not_pdf") : error;
  }
  return { ...said, file: (await isWhole(text, bytes)) ? "whole" : "altered" };
}

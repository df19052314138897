// A custodian's key and shares. The private key and the passphrase never leave this page in the clear.
// The three steps mirror questionbank/custody/envelope.py: ECDH on P-256, HKDF-SHA-256, AES-256-GCM.

const CURVE = { name: "ECDH", namedCurve: "P-256" };
const ROUNDS = 600_000;
const POINT_BYTES = 65;
const NONCE_BYTES = 12;
const { subtle } = crypto;

const encode = (buffer) => btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""));
const decode = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

async function passphraseKey(passphrase, salt, rounds) {
  const raw = new TextEncoder().encode(passphrase.normalize("NFKC"));
  const base = await subtle.importKey("raw", raw, "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds };
  return subtle.deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

async function makeKey(passphrase) {
  const pair = await subtle.generateKey(CURVE, true, ["deriveBits"]);
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const wrapping = await passphraseKey(passphrase, salt, ROUNDS);
  const secret = await subtle.exportKey("pkcs8", pair.privateKey);
  const data = await subtle.encrypt({ name: "AES-GCM", iv: nonce }, wrapping, secret);
  const publicKey = await subtle.exportKey("raw", pair.publicKey);
  const wrapped = { salt: encode(salt), rounds: ROUNDS, nonce: encode(nonce), data: encode(data) };
  return { public: encode(publicKey), private: wrapped };
}

async function openShare(passphrase, stored) {
  const wrapping = await passphraseKey(passphrase, decode(stored.salt), Number(stored.rounds));
  const secret = await subtle.decrypt({ name: "AES-GCM", iv: decode(stored.nonce) }, wrapping, decode(stored.private));
  const key = await subtle.importKey("pkcs8", secret, CURVE, false, ["deriveBits"]);
  const sealed = decode(stored.sealed);
  const context = decode(stored.context);
  const point = await subtle.importKey("raw", sealed.slice(0, POINT_BYTES), CURVE, false, []);
  const shared = await subtle.deriveBits({ name: "ECDH", public: point }, key, 256);
  const base = await subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: context };
  const opening = await subtle.deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
  const nonce = sealed.slice(POINT_BYTES, POINT_BYTES + NONCE_BYTES);
  const body = sealed.slice(POINT_BYTES + NONCE_BYTES);
  return subtle.decrypt({ name: "AES-GCM", iv: nonce, additionalData: context }, opening, body);
}

async function send(path, body) {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const headers = { "content-type": "application/json", accept: "application/json", "x-csrftoken": token };
  return fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
}

function whenSent(form, work) {
  const error = form.querySelector("[role=alert]");
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    error.hidden = true;
    button.disabled = true;
    const trouble = await work().catch(() => form.dataset.failed);
    if (!trouble) {
      location.reload();
      return;
    }
    error.textContent = trouble;
    error.hidden = false;
    button.disabled = false;
  });
}

async function told(response, fallback) {
  if (response.ok) return "";
  const problem = await response.json().catch(() => ({}));
  return problem.title ? `${problem.title} [${problem.code}]` : fallback;
}

const making = document.querySelector("#make-key");
if (making) {
  whenSent(making, async () => {
    const { passphrase, again } = making.elements;
    if (passphrase.value !== again.value) return making.dataset.differ;
    return told(await send("/bank/custody/key", await makeKey(passphrase.value)), making.dataset.failed);
  });
}

const trying = document.querySelector("#try-share");
if (trying) {
  const tell = async (opened) => told(await send(trying.getAttribute("action"), { opened }), trying.dataset.failed);
  whenSent(trying, async () => {
    const share = await openShare(trying.elements.trial.value, trying.dataset).catch(() => null);
    return share ? tell(true) : trying.dataset.wrong;
  });
  whenSent(document.querySelector("#lose-share"), () => tell(false));
}

const giving = document.querySelector("#give-share");
if (giving) {
  whenSent(giving, async () => {
    const share = await openShare(giving.elements.passphrase.value, giving.dataset).catch(() => null);
    if (!share) return giving.dataset.wrong;
    const body = { share: encode(share), reason: giving.elements.reason?.value ?? "" };
    const response = await send(giving.getAttribute("action"), body);
    if (response.ok && (await response.clone().json()).code) return giving.dataset.false;
    return told(response, giving.dataset.failed);
  });
}

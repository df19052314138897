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

// The figures of an item in its editor: files become rows, a row's mark goes into the text where the cursor was last.
import { shrink } from "./shrink.js";

const MARKS = { image: "图", audio: "音", formula: "式" };
const MARK = /〔([图音式])([1-9][0-9]?)〕/g;
const MOST_FILE = 5 * 1024 * 1024;
const MOST_CHARACTERS = 11_000_000;
const MATHML = "http://www.w3.org/1998/Math/MathML";
const TEXTS = '[name="stem"], [name="option"], [name="lines"], [name="explanation"]';
const box = document.querySelector("[data-figures]");
const form = box.closest("form");
const list = box.querySelector("[data-rows]");
const problem = box.querySelector("[data-problem]");
const rows = () => [...list.children];
let cursor = form.querySelector('[name="stem"]');

function say(sentence) {
  problem.textContent = sentence;
  problem.hidden = !sentence;
}

function changed(field) {
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Counts rows and writes their marks; buttons work only with this script. */
function count() {
  rows().forEach((row, at) => {
    row.querySelector("[data-mark]").textContent = `〔${MARKS[row.dataset.figure]}${at + 1}〕`;
    for (const button of row.querySelectorAll("[data-insert], [data-drop]")) button.hidden = false;
  });
}

/** Formulas are shown only where they are mathematics and nothing else. */
function mathematics(text) {
  const found = new DOMParser().parseFromString(text, "text/html").querySelector("math");
  return found && [found, ...found.querySelectorAll("*")].every(({ namespaceURI }) => namespaceURI === MATHML) ? document.adoptNode(found) : null;
}

function player(url) {
  const audio = document.createElement("audio");
  Object.assign(audio, { controls: true, preload: "none", src: url, className: "item-figure" });
  return audio;
}

function picture(url) {
  const image = document.createElement("img");
  Object.assign(image, { src: url, alt: box.dataset.image, className: "item-figure" });
  return image;
}

function add(kind, url, face) {
  if (rows().length >= Number(box.dataset.most)) { say(box.dataset.many.replace("{n}", box.dataset.most)); return; }
  const sent = [...form.querySelectorAll('[name="figure"]')].reduce((sum, { value }) => sum + value.length, url.length);
  if (sent > MOST_CHARACTERS) { say(box.dataset.heavy); return; }
  const row = box.querySelector("[data-row]").content.firstElementChild.cloneNode(true);
  row.dataset.figure = kind;
  for (const field of row.querySelectorAll("input")) field.disabled = false;
  row.querySelector('[name="figure"]').value = url;
  row.querySelector("[data-face]").append(face);
  list.append(row);
  count();
  changed(row.querySelector('[name="figure_text"]'));
}

function read(file) {
  return new Promise((done, fail) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => done(reader.result));
    reader.addEventListener("error", () => fail(reader.error));
    reader.readAsDataURL(file);
  });
}

async function take(file) {
  if (file.type.startsWith("image/")) {
    const url = await shrink(file);
    add("image", url, picture(url));
  } else if (file.size > MOST_FILE) {
    say(box.dataset.heavy);
  } else {
    const url = await read(file);
    add("audio", url, player(url));
  }
}

/** Takes a row away, its marks with it, and counts the later ones anew. */
function drop(row) {
  const gone = rows().indexOf(row) + 1;
  for (const field of form.querySelectorAll(TEXTS)) {
    const left = field.value.replace(MARK, (whole, word, number) => (Number(number) === gone ? "" : `〔${word}${Number(number) - (Number(number) > gone)}〕`));
    if (left !== field.value) { field.value = left; changed(field); }
  }
  row.remove();
  count();
  box.querySelector("[data-file]").focus();
}

function insert(row) {
  const field = cursor.isConnected && !cursor.disabled ? cursor : form.querySelector('[name="stem"]');
  const at = field.selectionEnd ?? field.value.length;
  field.setRangeText(row.querySelector("[data-mark]").textContent, at, at, "end");
  field.focus();
  changed(field);
}

form.addEventListener("focusin", (event) => { if (event.target.matches(TEXTS)) cursor = event.target; });
list.addEventListener("click", (event) => {
  const row = event.target.closest("[data-figure]");
  if (event.target.closest("[data-insert]")) insert(row);
  if (event.target.closest("[data-drop]")) drop(row);
});
box.querySelector("[data-file]").addEventListener("change", async ({ target }) => {
  say("");
  for (const file of [...target.files]) {
    try {
      await take(file);
    } catch {
      say(box.dataset.unreadable.replace("{name}", file.name));
    }
  }
  target.value = "";
});
box.querySelector("[data-add-formula]").addEventListener("click", () => {
  const field = box.querySelector("[data-mathml]");
  const face = mathematics(field.value);
  say(face ? "" : box.dataset.formulaUnreadable);
  if (!face) return;
  const bytes = new TextEncoder().encode(field.value.trim());
  add("formula", `data:application/mathml+xml;base64,${btoa(String.fromCharCode(...bytes))}`, face);
  field.value = "";
});
box.querySelector("[data-adding]").hidden = false;
count();

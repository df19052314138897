/** Figures: the pictures, recordings and formulas of an item, in place of the marks in its texts. */

import { button, closeDialog, h, openDialog } from "../dom.js";
import { addWords, word } from "../words.js";

addWords({
  "figure.image": ["图 {n}", "Picture {n}"],
  "figure.audio": ["录音 {n}", "Recording {n}"],
  "figure.formula": ["公式 {n}", "Formula {n}"],
  "figure.enlarge": ["放大", "Enlarge"],
  "figure.close": ["关闭", "Close"],
});

const MARK = /〔[图音式]([1-9][0-9]?)〕/;
const MATHML = "http://www.w3.org/1998/Math/MathML";
const ARROWS = ["ArrowLeft", "ArrowRight"];
let watcher = null;

const wordsOf = (figure, n) => figure.text || word(`figure.${figure.kind}`, { n });

/** Puts figures in place of all marks below `root`, now and whenever its texts change, until the next call. */
export default function dress(root, figures) {
  watcher?.disconnect();
  watcher = null;
  if (!figures) return;
  const again = () => { texts(root).forEach((text) => replace(text, figures)); sayLabels(root, figures); };
  again();
  watcher = new MutationObserver(again);
  watcher.observe(root, { childList: true, characterData: true, subtree: true });
}

function texts(root) {
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walk.nextNode()) if (MARK.test(walk.currentNode.data)) found.push(walk.currentNode);
  return found;
}

/** Splits at marks: text at even places, numbers at odd ones. */
function replace(text, figures) {
  // what was chosen is told again in a few words
  const again = text.parentElement.closest(".said, .gap");
  const parts = text.data.split(MARK).map((part, at) => {
    const figure = at % 2 && figures[part - 1];
    if (!figure) return part;
    return again && figure.kind === "audio" ? wordsOf(figure, part) : MAKERS[figure.kind](figure, part, !again);
  });
  text.replaceWith(...parts.filter((part) => part !== ""));
}

function sayLabels(root, figures) {
  for (const each of root.querySelectorAll("[aria-label*='〔']")) {
    each.setAttribute("aria-label", each.getAttribute("aria-label").split(MARK).map((part, at) => (at % 2 && figures[part - 1] ? wordsOf(figures[part - 1], part) : part)).join(""));
  }
}

function image(figure, n, canGrow) {
  const said = wordsOf(figure, n);
  const picture = h("img", { src: figure.source, width: figure.width, height: figure.height, alt: said, draggable: "false" });
  // within an option a tap on the picture chooses it
  picture.addEventListener("click", () => { if (canGrow && !picture.closest("label")) enlarge(figure, said); });
  return h("span", { class: "item-figure" }, picture, canGrow && button(word("figure.enlarge"), { kind: "small", "aria-label": `${word("figure.enlarge")} ${said}`, on: { click: () => enlarge(figure, said) } }));
}

function enlarge({ source, width, height }, said) {
  const dialog = h("dialog", { class: "dialog figure-large", "aria-label": said });
  const close = button(word("figure.close"), { kind: "chief", picture: "cross", on: { click: () => closeDialog(dialog) } });
  dialog.append(h("img", { src: source, width, height, alt: said, on: { click: () => closeDialog(dialog) } }), h("div", { class: "actions" }, close));
  openDialog(dialog);
}

function audio(figure, n) {
  const player = h("audio", { src: figure.source, controls: true, preload: "none", controlslist: "nodownload", "aria-label": wordsOf(figure, n) });
  // the arrows move within the recording, not to the next item
  player.addEventListener("keydown", (event) => { if (ARROWS.includes(event.key)) event.stopPropagation(); });
  player.addEventListener("play", () => { for (const other of document.querySelectorAll("audio")) if (other !== player) other.pause(); });
  return h("span", { class: "item-figure" }, player);
}

function formula(figure, n) {
  const found = new DOMParser().parseFromString(figure.source, "text/html").querySelector("math");
  if (!found || [found, ...found.querySelectorAll("*")].some(({ namespaceURI }) => namespaceURI !== MATHML)) return wordsOf(figure, n);
  if (figure.text) found.setAttribute("aria-label", figure.text);
  return document.adoptNode(found);
}

const MAKERS = { image, audio, formula };

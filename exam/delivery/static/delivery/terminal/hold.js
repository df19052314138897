/** A button that acts only when it is held: a slip of the hand or of a key does nothing. */

import { h, icon } from "./dom.js";

const HOLD_MS = 1500;
const STEP_MS = 30;

/** Makes the button; `onHeld` runs once it was held long enough by pointer, Space or Enter. */
export function holdButton(label, hint, onHeld) {
  const fill = h("span", { class: "hold-fill", "aria-hidden": "true" });
  const words = h("span", { class: "hold-words" }, icon("shield"), h("span", { text: label }));
  const element = h("button", { type: "button", class: "button hold", "aria-describedby": "hold-hint" }, fill, words);
  const note = h("p", { class: "hint", id: "hold-hint", role: "status", text: hint });
  let since = null;
  let timer = null;

  const release = () => {
    window.clearInterval(timer);
    since = null;
    fill.style.setProperty("transform", "scaleX(0)");
  };
  const grow = () => {
    const share = Math.min(1, (performance.now() - since) / HOLD_MS);
    fill.style.setProperty("transform", `scaleX(${share})`);
    if (share < 1) return;
    release();
    element.disabled = true;
    onHeld();
  };
  const press = () => {
    if (since !== null || element.disabled) return;
    since = performance.now();
    timer = window.setInterval(grow, STEP_MS);
  };
  const isKey = (event) => event.key === " " || event.key === "Enter";

  element.addEventListener("pointerdown", (event) => { if (event.button === 0) press(); });
  for (const name of ["pointerup", "pointerleave", "pointercancel", "blur"]) element.addEventListener(name, release);
  element.addEventListener("keydown", (event) => {
    if (!isKey(event)) return;
    event.preventDefault();
    if (!event.repeat) press();
  });
  element.addEventListener("keyup", (event) => { if (isKey(event)) { event.preventDefault(); release(); } });
  element.addEventListener("contextmenu", (event) => event.preventDefault());
  return { element, note };
}

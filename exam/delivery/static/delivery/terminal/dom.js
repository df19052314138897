/** Building blocks of pages: server text reaches the document through textContent only. */

const SVG = "http://www.w3.org/2000/svg";

/** Icon outlines on a 24 px grid; state is always icon + word + colour. */
const ICONS = {
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  cross: ["M6 6l12 12", "M18 6L6 18"],
  flag: ["M6 21V4", "M6 4.5h11l-2.4 4L17 12.5H6"],
  blank: ["M5 5h14v14H5z"],
  left: ["M15 5l-7 7 7 7"],
  right: ["M9 5l7 7-7 7"],
  net: ["M3.5 9.5a13 13 0 0 1 17 0", "M6.8 13a8.3 8.3 0 0 1 10.4 0", "M10 16.5a3.6 3.6 0 0 1 4 0", "M12 20h.01"],
  nonet: ["M4 4l16 16", "M3.5 9.5a13 13 0 0 1 4-2.4", "M12 6.3a13 13 0 0 1 8.5 3.2", "M6.8 13a8.3 8.3 0 0 1 3-1.6", "M10 16.5a3.6 3.6 0 0 1 4 0", "M12 20h.01"],
  disk: ["M5 4h11l3 3v13H5z", "M8 4v5h7V4", "M8 20v-6h8v6"],
  sync: ["M20 12a8 8 0 0 1-14 5.3", "M4 12a8 8 0 0 1 14-5.3", "M18 3v4h-4", "M6 21v-4h4"],
  hand: ["M8 12V5.5a1.5 1.5 0 0 1 3 0V11", "M11 11V4.5a1.5 1.5 0 0 1 3 0V11", "M14 11V6a1.5 1.5 0 0 1 3 0v8a7 7 0 0 1-7 7c-2.6 0-4-1-5.2-3L3 14.6a1.6 1.6 0 0 1 2.7-1.7L8 15.5"],
  help: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M9.6 9.3a2.5 2.5 0 1 1 3.4 2.5c-.7.3-1 .8-1 1.7", "M12 17h.01"],
  warn: ["M12 4L2.8 20h18.4z", "M12 10v4.5", "M12 17.3h.01"],
  stop: ["M8 3h8l5 5v8l-5 5H8l-5-5V8z", "M12 7.5V13", "M12 16.5h.01"],
  clock: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M12 7v5.2l3.3 2"],
  pause: ["M9 5v14", "M15 5v14"],
  camera: ["M3 7h4l1.5-2.5h7L17 7h4v12H3z", "M12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z"],
  person: ["M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M4.5 20.5a7.5 7.5 0 0 1 15 0"],
  card: ["M3 5.5h18v13H3z", "M6.5 15.5h5", "M9 12a1.7 1.7 0 1 0 0-3.4A1.7 1.7 0 0 0 9 12z", "M14 10h4", "M14 13.5h4"],
  screen: ["M3 4.5h18v12H3z", "M9 20.5h6", "M12 16.5v4"],
  book: ["M5 4h14v16H5z", "M8.5 8.5h7", "M8.5 12h7", "M8.5 15.5h4"],
  shield: ["M12 3l7.5 2.8V11c0 4.7-3 8.3-7.5 10-4.5-1.7-7.5-5.3-7.5-10V5.8z", "M8.5 12l2.5 2.5 4.5-4.8"],
  mail: ["M3 6h18v12H3z", "M3.5 6.5L12 13l8.5-6.5"],
  grid: ["M4 4h6v6H4z", "M14 4h6v6h-6z", "M4 14h6v6H4z", "M14 14h6v6h-6z"],
  down: ["M12 4v11", "M7 11l5 5 5-5", "M4 20h16"],
  keyboard: ["M2.5 6h19v12h-19z", "M6 10h.01", "M10 10h.01", "M14 10h.01", "M18 10h.01", "M7.5 14.5h9"],
  windows: ["M3 3h13v13H3z", "M8 16v5h13V8h-5"],
};

/** Draws one icon; it is decoration, so the word beside it carries the meaning. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ class: `icon icon-${name}`, viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" })) {
    svg.setAttribute(key, value);
  }
  for (const outline of ICONS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", outline);
    svg.append(path);
  }
  return svg;
}

/** Makes an element: `on` holds handlers, `text` its text, the rest are attributes (false and null are left out). */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (key === "text") element.textContent = value;
    else if (key === "on") for (const [name, handler] of Object.entries(value)) element.addEventListener(name, handler);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Makes a button with an icon and a word. */
export function button(label, { picture = null, kind = "plain", after = null, ...props } = {}) {
  const face = [picture && icon(picture), h("span", { text: label }), after && icon(after)];
  return h("button", { type: "button", class: `button ${kind}`, ...props }, face);
}

/** Shows a page in place of the former one and puts the reader at its start. */
export function mount(...nodes) {
  document.getElementById("app").replaceChildren(...nodes);
  document.querySelector("#app [data-start]")?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

/** Says a sentence to a screen reader once; `urgent` interrupts. */
export function announce(sentence, urgent = false) {
  const region = document.getElementById(urgent ? "live-urgent" : "live");
  region.textContent = "";
  window.setTimeout(() => { region.textContent = sentence; }, 60);
}

/** Opens a modal dialog and returns it; Escape closes it only where `closable`. */
export function openDialog(dialog, { closable = true } = {}) {
  document.getElementById("dialogs").append(dialog);
  dialog.addEventListener("cancel", (event) => { if (!closable) event.preventDefault(); });
  dialog.addEventListener("close", () => {
    if (closable || dialog.dataset.done) dialog.remove();
    else dialog.showModal();
  });
  dialog.showModal();
  return dialog;
}

/** Closes a dialog for good. */
export function closeDialog(dialog) {
  dialog.dataset.done = "yes";
  if (dialog.open) dialog.close();
  dialog.remove();
}

/** Waits. */
export function sleep(ms) {
  return new Promise((resolve) => { window.setTimeout(resolve, ms); });
}

/** Spreads a delay so that a room full of terminals does not knock at once. */
export function jitter(ms, share = 0.15) {
  return ms * (1 - share + 2 * share * Math.random());
}

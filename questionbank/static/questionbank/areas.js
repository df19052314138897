// The editor of a hotspot: the photo, areas drawn on it with the mouse, and a row of numbers for each. The lines of the form
// are the areas; what is drawn or typed here is written there, and what is typed there is drawn here.
import { MOST_PX, shrink } from "./shrink.js";

const SVG = "http://www.w3.org/2000/svg";
const box = document.querySelector("[data-areas]");
const form = box.closest("form");
const words = box.dataset;
const lines = form.querySelector('[name="lines"]');
const kept = box.querySelector('[name="photo"]');
const stage = box.querySelector("[data-stage]");
const picture = stage.querySelector("img");
const drawing = stage.querySelector("svg");
const rows = box.querySelector("[data-rows]");
const shape = box.querySelector("[data-shape]");
let begun = null;
let typing = false;
let corners = [];

/** The areas of the lines: {name, shape, coords}; a line that is none keeps its text. */
function read() {
  return lines.value.split("\n").filter((line) => line.trim()).map((line) => {
    const at = line.lastIndexOf("@");
    const found = /^(rect|circle|ellipse|poly) ([\d,]+)$/.exec(line.slice(at + 1).trim());
    return { name: line.slice(0, Math.max(at, 0)).trim(), text: line, shape: found?.[1], coords: found?.[2].split(",").map(Number) ?? [] };
  });
}

function write(areas) {
  lines.value = areas.map((area) => (area.shape ? `${area.name} @ ${area.shape} ${area.coords.join(",")}`.trim() : area.text)).join("\n");
  lines.dispatchEvent(new Event("input", { bubbles: true }));
}

function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function outline({ shape: kind, coords: [a, b, c, d], coords }) {
  if (kind === "rect") return svg("rect", { x: a, y: b, width: Math.max(0, c - a), height: Math.max(0, d - b) });
  if (kind === "circle") return svg("circle", { cx: a, cy: b, r: c });
  if (kind === "ellipse") return svg("ellipse", { cx: a, cy: b, rx: c, ry: d });
  return svg("polygon", { points: coords.join(" ") });
}

function paint() {
  const areas = read().filter((area) => area.shape);
  drawing.setAttribute("viewBox", `0 0 ${picture.naturalWidth || 1} ${picture.naturalHeight || 1}`);
  drawing.replaceChildren(...areas.map(outline), ...(corners.length ? [svg("polyline", { points: corners.flat().join(" ") })] : []));
}

function input(label, value, onChange, attributes = {}) {
  const field = document.createElement("input");
  Object.assign(field, { className: "form-control", value, ...attributes });
  field.setAttribute("aria-label", label);
  field.addEventListener("input", () => onChange(field.value));
  return field;
}

function row(area, place) {
  // the rows stay while somebody types in one of them
  const change = (fields) => {
    const areas = read();
    areas[place] = { ...areas[place], ...fields };
    typing = true;
    write(areas);
    typing = false;
  };
  const item = document.createElement("li");
  const number = document.createElement("b");
  number.textContent = place + 1;
  const remove = document.createElement("button");
  Object.assign(remove, { type: "button", className: "btn", textContent: words.remove.replace("{n}", place + 1) });
  remove.addEventListener("click", () => write(read().filter((_, at) => at !== place)));
  const name = input(words.name.replace("{n}", place + 1), area.name, (value) => change({ name: value.replaceAll("@", "") }), { placeholder: words.placeholder });
  const labels = words[area.shape]?.split(/[,，]/) ?? [];
  const numbers = area.coords.map((value, at) => input(labels[at] ?? `${labels[at % 2 ? 1 : 0] ?? ""} ${Math.floor(at / 2) + 1}`, value,
    (typed) => change({ coords: read()[place].coords.map((each, other) => (other === at ? Math.max(0, Math.round(Number(typed) || 0)) : each)) }), { type: "number", min: 0, max: MOST_PX }));
  item.append(number, name, ...numbers, remove);
  return item;
}

function show() {
  box.querySelector("[data-editor]").hidden = !kept.value;
  if (kept.value && picture.src !== kept.value) picture.src = kept.value;
  if (!typing) rows.replaceChildren(...read().map(row));
  paint();
}

function pointOf(event) {
  const area = picture.getBoundingClientRect();
  const within = (value, size) => Math.min(size - 1, Math.max(0, Math.round(value)));
  return [within(((event.clientX - area.left) / area.width) * picture.naturalWidth, picture.naturalWidth), within(((event.clientY - area.top) / area.height) * picture.naturalHeight, picture.naturalHeight)];
}

/** The coordinates of a shape that is drawn from one point to another. */
function drawn(kind, [x, y], [toX, toY]) {
  if (kind === "rect") return [Math.min(x, toX), Math.min(y, toY), Math.max(x, toX), Math.max(y, toY)];
  if (kind === "circle") return [x, y, Math.round(Math.hypot(toX - x, toY - y))];
  return [x, y, Math.abs(toX - x), Math.abs(toY - y)];
}

function add(kind, coords) {
  write([...read(), { name: "", shape: kind, coords }]);
  rows.lastElementChild?.querySelector("input")?.focus();
}

stage.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  const point = pointOf(event);
  if (shape.value !== "poly") { begun = point; stage.setPointerCapture(event.pointerId); return; }
  const [first] = corners;
  if (corners.length > 2 && Math.hypot(point[0] - first[0], point[1] - first[1]) < picture.naturalWidth / 50) {
    const coords = corners.flat();
    corners = [];
    add("poly", coords);
  } else { corners.push(point); paint(); }
});
stage.addEventListener("pointermove", (event) => {
  if (!begun) return;
  paint();
  drawing.append(outline({ shape: shape.value, coords: drawn(shape.value, begun, pointOf(event)) }));
});
stage.addEventListener("pointerup", (event) => {
  if (!begun) return;
  const coords = drawn(shape.value, begun, pointOf(event));
  begun = null;
  const wide = shape.value === "rect" ? Math.min(coords[2] - coords[0], coords[3] - coords[1]) : Math.min(...coords.slice(2));
  if (wide > 2) add(shape.value, coords);
  else paint();
});
shape.addEventListener("change", () => { corners = []; paint(); });
box.querySelector("[data-add-area]").addEventListener("click", () => {
  const [x, y] = [Math.round(picture.naturalWidth / 2), Math.round(picture.naturalHeight / 2)];
  const size = Math.round(Math.min(x, y) / 3);
  const ready = { rect: [x - size, y - size, x + size, y + size], circle: [x, y, size], ellipse: [x, y, size, size], poly: [x, y - size, x + size, y + size, x - size, y + size] };
  add(shape.value, ready[shape.value]);
});
box.querySelector("[data-photo]").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  const note = box.querySelector("[data-unreadable]");
  note.hidden = true;
  try {
    if (file) kept.value = await shrink(file);
  } catch {
    note.hidden = false;
  }
  show();
});
box.querySelector("[data-preview]").addEventListener("change", (event) => { drawing.toggleAttribute("hidden", event.target.checked); });
picture.addEventListener("load", paint);
lines.addEventListener("input", show);
show();

// The editor of an item: shows the fields of the chosen interaction, adds and removes options.
const LETTERS = "ABCDEFGHIJ";
const LEAST = 2;
const form = document.querySelector("[data-item-form]");
const kind = form.querySelector('[name="interaction"]');
const list = form.querySelector("[data-options]");
const add = form.querySelector("[data-add]");
const rows = () => [...list.children];

function showFields() {
  for (const part of form.querySelectorAll("[data-for]")) {
    const wanted = part.dataset.for.split(" ").includes(kind.value);
    part.hidden = !wanted;
    for (const input of part.querySelectorAll("input, textarea")) input.disabled = !wanted;
  }
}

// A choice has one right option: ticking another one moves the tick.
function keepOne(event) {
  if (kind.value !== "choice" || event.target.name !== "key" || !event.target.checked) return;
  for (const box of list.querySelectorAll('[name="key"]')) box.checked = box === event.target;
}

function letterRows() {
  rows().forEach((row, place) => {
    const letter = LETTERS[place];
    row.querySelector(".option-letter").textContent = letter;
    row.querySelector('[name="key"]').value = letter;
    for (const input of row.querySelectorAll("[data-words]")) input.setAttribute("aria-label", input.dataset.words.replace("{letter}", letter));
    const remove = row.querySelector("[data-remove]");
    remove.hidden = false;
    remove.disabled = rows().length <= LEAST;
  });
  add.hidden = rows().length >= LETTERS.length;
}

add.addEventListener("click", () => {
  const row = rows().at(-1).cloneNode(true);
  row.querySelector('[name="option"]').value = "";
  row.querySelector('[name="key"]').checked = false;
  list.append(row);
  letterRows();
  row.querySelector('[name="option"]').focus();
});
list.addEventListener("click", (event) => {
  const remove = event.target.closest("[data-remove]");
  if (!remove) return;
  remove.closest("li").remove();
  letterRows();
  add.focus();
});
list.addEventListener("change", keepOne);
kind.addEventListener("change", showFields);
addEventListener("pageshow", showFields);
letterRows();

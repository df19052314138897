// The editor of a blueprint: adds and removes cells; the page asks the server after each change whether the bank can fill them.
const form = document.querySelector("[data-blueprint-form]");
const body = form.querySelector("[data-cells]");
const add = form.querySelector("[data-add]");
const rows = () => [...body.querySelectorAll("[data-cell]")];

function settle() {
  for (const remove of body.querySelectorAll("[data-remove]")) {
    remove.hidden = false;
    remove.disabled = rows().length < 2;
  }
  add.hidden = false;
}

const changed = () => form.dispatchEvent(new CustomEvent("cells"));

add.addEventListener("click", () => {
  const row = rows().at(-1).cloneNode(true);
  row.querySelector('[name="count"]').value = "";
  body.append(row);
  settle();
  row.querySelector("select").focus();
});
body.addEventListener("click", (event) => {
  const remove = event.target.closest("[data-remove]");
  if (!remove) return;
  remove.closest("tr").remove();
  settle();
  changed();
  add.focus();
});
settle();

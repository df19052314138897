// Enemy items by search: what is ticked becomes a line of ids in the field that is sent; groups are shown by their stems.
const room = document.querySelector("[data-enemies]");
const field = document.querySelector('[name="enemies"]');
const groups = room.querySelector("[data-groups]");
const picked = document.getElementById("picked");
const chosenLine = room.querySelector("[data-chosen]");
const chosenWords = room.querySelector("[data-chosen-words]");
const removeWords = room.querySelector("[data-remove-words]").content.textContent;
const stems = new Map(Object.entries(JSON.parse(room.dataset.stems)));
const chosen = new Set();
const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

const lines = () => field.value.split("\n").filter((line) => line.trim());

function put(all) {
  field.value = all.join("\n");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  show();
}

function group(line, place) {
  const item = document.createElement("li");
  for (const id of (line.match(ID) ?? []).map((found) => found.toLowerCase())) {
    const link = document.createElement("a");
    link.href = `/bank/items/${id}`;
    link.textContent = stems.get(id) ?? id;
    const row = document.createElement("div");
    row.append(link);
    item.append(row);
  }
  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "btn";
  remove.textContent = removeWords;
  remove.addEventListener("click", () => {
    put(lines().filter((_line, number) => number !== place));
    room.querySelector("[name=q]").focus();
  });
  item.append(remove);
  return item;
}

function show() {
  groups.replaceChildren(...lines().map(group));
}

function tell() {
  chosenLine.hidden = chosen.size === 0;
  chosenWords.textContent = chosenWords.dataset.words.replace("{n}", String(chosen.size));
  chosenLine.querySelector("[data-group]").disabled = chosen.size < 2;
}

picked.addEventListener("change", (event) => {
  const id = event.target.dataset.pick;
  if (event.target.checked) chosen.add(id);
  else chosen.delete(id);
  stems.set(id, event.target.closest("label").querySelector(".form-check-label").firstChild.textContent.trim());
  tell();
});
// a second search keeps what the first one chose
picked.addEventListener("htmx:afterSwap", () => {
  for (const box of picked.querySelectorAll("[data-pick]")) box.checked = chosen.has(box.dataset.pick);
});
room.querySelector("[data-group]").addEventListener("click", () => {
  put([...lines(), [...chosen].join(" ")]);
  chosen.clear();
  for (const box of picked.querySelectorAll("[data-pick]")) box.checked = false;
  tell();
  room.querySelector("[name=q]").focus();
});
field.addEventListener("change", show);
room.hidden = false;
show();

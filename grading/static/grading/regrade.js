// The new key is asked only where the chosen action takes one.
const key = document.querySelector("[data-key]");
const actions = [...document.querySelectorAll("[data-action]")];
function show() {
  const chosen = actions.find((action) => action.checked)?.value;
  key.hidden = chosen !== "rekey" && chosen !== "accept_also";
}
actions.forEach((action) => action.addEventListener("change", show));
show();

/** Keys of the practice question: digits and letters choose, Enter shows the answer. */

const form = document.querySelector("[data-asking]");
const options = [...(form?.querySelectorAll("input[name=choice]") ?? [])];

/** The place of the option that a key names, or -1. */
function place(key) {
  if (/^[1-9]$/.test(key)) return Number(key) - 1;
  return /^[a-z]$/i.test(key) ? options.findIndex((option) => option.value === key.toUpperCase()) : -1;
}

document.addEventListener("keydown", (event) => {
  if (!form || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.target.closest("input[type=text], button, a, summary, dialog")) return;
  if (event.key === "Enter") {
    event.preventDefault();
    form.requestSubmit();
    return;
  }
  const option = options[place(event.key)];
  if (!option) return;
  event.preventDefault();
  option.focus();
  option.click();
});

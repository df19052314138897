// The sheet: five marks up or down by one tap, and what the marks come to by weight, as the server will reckon it.
const fields = [...document.querySelectorAll("[data-weight]")];
const total = document.querySelector("[data-total]");
const hundredths = (text) => (/^\d{1,3}(\.\d{1,2})?$/.test(text.trim()) && Number(text) <= 100 ? Math.round(Number(text) * 100) : null);

function reckon() {
  if (!total) return;
  const marks = fields.map((field) => hundredths(field.value));
  total.hidden = marks.includes(null);
  if (total.hidden) return;
  const sum = Math.floor(marks.reduce((all, each, i) => all + each * Number(fields[i].dataset.weight), 0) / 1000);
  const vetoed = document.querySelector("[data-veto]:checked") !== null;
  const passed = sum >= Number(total.dataset.pass) && !vetoed;
  total.dataset.tone = passed ? "ok" : "bad";
  total.textContent = `${sum / 100} · ${vetoed ? total.dataset.wordsVeto : passed ? total.dataset.wordsPass : total.dataset.wordsFail}`;
}

for (const button of document.querySelectorAll("[data-step]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const field = button.parentElement.querySelector("[data-weight]");
    const now = hundredths(field.value) ?? 0;
    field.value = String(Math.min(10000, Math.max(0, now + Number(button.dataset.step) * 100)) / 100);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
document.addEventListener("input", reckon);
document.addEventListener("change", reckon);
reckon();

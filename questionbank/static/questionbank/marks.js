// The ticked rows of a list: tick all of the page, and say how many are ticked.
for (const form of document.querySelectorAll("[data-marks]")) {
  const every = form.querySelector("[data-mark-all]");
  const told = form.querySelector("[data-marked]");
  const boxes = [...form.querySelectorAll('input[name="mark"]')];
  if (!every) continue;
  const tell = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    told.textContent = told.dataset.words.replace("{n}", String(ticked));
    every.checked = ticked > 0 && ticked === boxes.length;
    every.indeterminate = ticked > 0 && ticked < boxes.length;
  };
  every.addEventListener("change", () => {
    for (const box of boxes) box.checked = every.checked;
    tell();
  });
  form.addEventListener("change", tell);
  addEventListener("pageshow", tell);
}

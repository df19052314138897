/** A ready sentence brings its reason along: whoever picks one from the list has the reason chosen too. */

document.addEventListener("input", ({ target }) => {
  const ready = [...target.list?.options ?? []].find(({ value, dataset }) => dataset.reason && value === target.value);
  if (ready) target.form.elements.reason.value = ready.dataset.reason;
});

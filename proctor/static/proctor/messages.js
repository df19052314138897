/** A ready sentence is sent as its code and brings its reason along: whoever picks one from the list has the reason chosen too. */

document.addEventListener("input", ({ target }) => {
  if (!target.form?.elements.ready || target.name !== "text") return;
  const { ready, reason } = target.form.elements;
  const picked = [...target.list.options].find(({ value }) => value === target.value);
  ready.value = picked?.dataset.ready ?? "";
  if (picked) reason.value = picked.dataset.reason;
});

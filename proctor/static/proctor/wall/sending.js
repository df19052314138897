/** An act's form, sent without leaving the wall. */

/** What a refusal says, with the code that can be read out on the telephone. */
async function refusal(answer) {
  const { title = answer.statusText, code, incident } = await answer.json().catch(() => ({}));
  return [title, code, incident].filter(Boolean).join(" · ");
}

/** Sends the form of a submit event; closes its dialog and says so, or says what was wrong. Resolves to whether it was done. */
export async function sendInPlace(event, toast) {
  event.preventDefault();
  const form = event.target;
  const button = event.submitter;
  if (button) button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(await refusal(answer));
    form.closest("dialog")?.close();
    form.reset();
    toast("ok");
    return true;
  } catch (error) {
    toast("bad", error.message);
    return false;
  } finally {
    if (button) button.disabled = false;
  }
}

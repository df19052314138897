// A bar for forms whose work takes a while: first the upload, then what the server says of its stages.
const STEPS = ["upload", "reading", "comparing", "writing"];

const token = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

for (const form of document.querySelectorAll("form[data-progress]")) {
  const box = form.querySelector("[data-progress-box]");
  const bar = box.querySelector("progress");
  const words = box.querySelector("[data-progress-words]");
  const last = form.dataset.progress;
  const steps = STEPS.slice(0, STEPS.indexOf(last) + 1);

  const tell = (stage, done, total) => {
    const at = steps.indexOf(stage);
    if (at < 0) return;
    const share = total ? Math.min(done / total, 1) : 0;
    bar.value = Math.max(bar.value, (at + share) / steps.length);
    const text = box.dataset[stage];
    words.textContent = total && stage !== "upload" ? `${text} ${done} / ${total}` : text;
  };

  const problem = (text) => {
    words.textContent = text || box.dataset.failed;
    box.classList.add("progress-failed");
    box.setAttribute("role", "alert");
    form.querySelector("[type=submit]").disabled = false;
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = token();
    const body = form.enctype === "multipart/form-data" ? new FormData(form) : new URLSearchParams(new FormData(form));
    body.set("progress", name);
    box.hidden = false;
    box.classList.remove("progress-failed");
    box.setAttribute("role", "status");
    bar.value = 0;
    form.querySelector("[type=submit]").disabled = true;
    tell("upload", 0, 1);
    const request = new XMLHttpRequest();
    const ask = setInterval(async () => {
      const answer = await fetch(`/bank/import/progress/${name}`, { headers: { Accept: "application/json" } }).catch(() => null);
      if (!answer?.ok || request.readyState === 4) return;
      const told = await answer.json();
      tell(told.stage, told.done, told.total);
    }, 300);
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (sent) => tell("upload", sent.loaded, sent.total));
    request.responseType = "json";
    request.addEventListener("loadend", () => {
      clearInterval(ask);
      const said = request.response;
      if (request.status === 200 && said?.location) {
        bar.value = 1;
        location.assign(said.location);
      } else problem(said?.title);
    });
    request.send(body);
  });
}

// Sends a file in parts: a part that does not arrive is sent again, so that a poor line costs a part and not the file.

const form = document.querySelector("[data-upload]");
const find = (name) => form.querySelector(`[data-${name}]`);
const csrf = document.querySelector('meta[name="csrf-token"]').content;
const home = form.getAttribute("action");
const AGAIN_MS = [1000, 3000, 8000, 15_000, 30_000];

async function post(path, body, headers = {}) {
  const answer = await fetch(path, { method: "POST", body, headers: { accept: "application/json", "x-csrftoken": csrf, ...headers } });
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const problem = await answer.json().catch(() => ({}));
  throw Object.assign(new Error(problem.title ?? String(answer.status)), { told: answer.status < 500 });
}

async function insist(act) {
  for (const wait of AGAIN_MS) {
    try {
      return await act();
    } catch (error) {
      if (error.told) throw error;
      await new Promise((done) => { setTimeout(done, wait); });
    }
  }
  return act();
}

async function send(file) {
  const announced = JSON.stringify({ filename: file.name, size: file.size });
  const { id, part_bytes: size } = await post(home, announced, { "content-type": "application/json" });
  for (let place = 0; place * size < file.size; place += 1) {
    const part = new FormData();
    part.append("file", file.slice(place * size, (place + 1) * size), "part");
    await insist(() => post(`${home}/${id}/parts/${place}`, part));
    const share = Math.min((place + 1) * size, file.size) / file.size;
    find("bar").value = share;
    find("told").textContent = find("told").dataset.sent.replace("{percent}", Math.floor(share * 100));
  }
  await insist(() => post(`${home}/${id}/finish`));
  location.assign(`${home}/${id}`);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const [file] = find("file").files;
  if (!file) return;
  find("submit").disabled = true;
  find("progress").hidden = false;
  find("problem").hidden = true;
  send(file).catch((error) => {
    find("submit").disabled = false;
    find("progress").hidden = true;
    find("problem").hidden = false;
    find("why").textContent = error.told ? error.message : find("problem").dataset.lost;
  });
});

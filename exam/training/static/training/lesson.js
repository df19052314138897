// A lesson's page: reports every few seconds and tells the learner the truth; its stage is sections, a film, a quiz or a package.
// Nothing here decides what counts; it may only say less.

import { Film } from "./film.js";
import { Package } from "./package.js";
import { Quiz } from "./quiz.js";
import { Sections } from "./sections.js";

const box = document.querySelector("[data-lesson]");
const find = (name) => box.querySelector(`[data-${name}]`);
const words = find("words").dataset;
const beatMs = Number(box.dataset.beatS) * 1000;
const RETRY_MS = 3000;
const IDLE_WORD_S = 170;

let seq = Number(box.dataset.seq);
let after = box.dataset.after;
let reach = Number(box.dataset.reach);
let touched = performance.now();
let heard = performance.now();
let lost = false;
let stop = box.dataset.stop;
let finished = box.dataset.finished === "1";
let counting = false;
const { film, quiz, package: other } = box.dataset;
const Stage = film ? Film : quiz ? Quiz : other ? Package : Sections;
const stage = new Stage(box, find, words);
stage.touch = () => { touched = performance.now(); };

const idleS = () => Math.round((performance.now() - touched) / 1000);
const seen = () => document.visibilityState === "visible" && document.hasFocus();

function state() {
  if (finished) return stage.open ? words.unpassed : words.done;
  if (stop) return { day_cap: words.cap, login: words.login, over: words.over, unfiled: words.unfiled }[stop] ?? words.elsewhere;
  if (lost) return words.lost;
  if (!seen()) return words.hidden;
  if (idleS() > IDLE_WORD_S) return words.idle;
  return stage.state(counting ? performance.now() - heard : 0);
}

function show() {
  stage.hold(!finished && (Boolean(stop) || lost || !seen() || find("check").open));
  const told = state();
  if (find("words").textContent !== told) find("words").textContent = told;
  find("bar").value = reach;
  stage.show();
}

async function send(what, body) {
  const answer = await fetch(`/api/study/${box.dataset.lesson}/${what}`, {
    method: "POST",
    headers: { "content-type": "application/json", "ankao-study": box.dataset.lease },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(beatMs),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

function take(told) {
  const { study } = told;
  after = told.after;
  seq = study.seq;
  counting = study.reach_ms > reach;
  reach = study.reach_ms;
  stop = study.stop;
  finished = study.finished;
  heard = performance.now();
  lost = false;
  stage.take(study);
  check(study);
  show();
}

function check(study) {
  const dialog = find("check");
  if (!study.check) {
    dialog.close();
    return;
  }
  find("again").hidden = study.refused !== "wrong";
  find("guessed").hidden = study.refused !== "guessed";
  find("missed").hidden = !study.check.missed;
  const prompt = find("prompt");
  const asked = study.check.prompt || prompt.dataset.tap;
  if (dialog.open && prompt.textContent === asked) return;
  prompt.textContent = asked;
  const options = study.check.options.length ? study.check.options : [find("options").dataset.here];
  find("options").replaceChildren(...options.map((text, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn wide";
    button.textContent = text;
    button.addEventListener("click", () => answer(study.check.options.length ? index : null));
    return button;
  }));
  if (!dialog.open) dialog.showModal();
}

async function answer(choice) {
  touched = performance.now();
  fetch("/account/alive").catch(() => null);
  await send("answer", { choice }).then(take).catch(() => { lost = true; show(); });
}

// the same beat is sent again until it is answered: the server counts it once
async function beat() {
  if (stop || finished) return show();
  const body = { seq: seq + 1, after, ...stage.said(), seen: seen(), idle_s: idleS(), clock_ms: Date.now() };
  try {
    take(await send("beat", body));
    setTimeout(beat, beatMs);
  } catch {
    lost = true;
    show();
    setTimeout(beat, RETRY_MS);
  }
}

for (const name of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "scroll"]) {
  addEventListener(name, () => { touched = performance.now(); }, { passive: true });
}
find("check").addEventListener("cancel", (event) => event.preventDefault());
document.addEventListener("visibilitychange", show);
for (const name of ["focus", "blur"]) addEventListener(name, show);
setInterval(show, 1000);
setTimeout(beat, beatMs);
show();

/** Instructions and the waiting room: the countdown runs on the server's time. */

import { qualificationWords } from "./checkin.js";
import { span, timeOfDay } from "./clock.js";
import { button, h, icon, jitter, sleep } from "./dom.js";
import { MessageCards, tellActs } from "./help.js";
import { actions, stage, trouble } from "./stage.js";
import { word } from "./words.js";

const POLL_MS = 3000;
const TICK_MS = 250;
const START_SPREAD_MS = 1500;
const RULES = ["time", "saved", "offline", "hand", "pause", "conduct", "end"];
const RULE_PICTURES = { time: "clock", saved: "disk", offline: "nonet", hand: "hand", pause: "pause", conduct: "stop", end: "shield" };

/** Shows the instructions in large type and waits for the candidate's word. */
export function instructions(tools, session) {
  const minutes = Math.round((session.facts.duration_s ?? 0) / 60);
  const rule = (key) => {
    const sentence = key === "time" && !minutes ? word("rules.time.open") : word(`rules.${key}`, { minutes });
    return h("li", {}, icon(RULE_PICTURES[key]), h("span", { text: sentence }));
  };
  return new Promise((resolve) => {
    const go = button(word("rules.go"), { kind: "chief", after: "right", disabled: true, on: { click: resolve } });
    const read = h("input", { type: "checkbox", id: "rules-read", on: { change: (event) => { go.disabled = !event.target.checked; } } });
    stage({ title: word("rules.title"), step: "rules", place: tools.terminal.place },
      h("ol", { class: "rules" }, RULES.map(rule)),
      h("label", { class: "agree", for: "rules-read" }, read, h("span", { text: word("rules.read") })), actions(go));
  });
}

function roomOf(tools, session) {
  const { candidate, qualification } = session.facts;
  const big = h("p", { class: "countdown", role: "timer", "aria-live": "off" });
  const words = h("p", { class: "countdown-words", role: "status" });
  const go = button(word("waiting.start"), { kind: "chief", hidden: true });
  const admitted = h("p", { class: "admission wait" });
  const box = trouble();
  const notices = h("div", {});
  stage({ title: word("waiting.title"), step: "waiting", place: tools.terminal.place },
    notices, h("div", { class: "hall" }, words, big, go), admitted, box.box,
    h("p", { class: "who", text: [candidate?.name_masked, candidate?.id_masked, qualificationWords(qualification)].filter(Boolean).join(" · ") }));
  return { big, words, go, admitted, box, notices };
}

function showAdmission(line, isAdmitted) {
  const kind = isAdmitted ? "good" : "wait";
  if (line.dataset.kind === kind) return;
  line.dataset.kind = kind;
  line.className = `admission ${kind}`;
  line.replaceChildren(icon(isAdmitted ? "check" : "person"), h("span", { text: word(isAdmitted ? "waiting.admitted" : "waiting.admission") }));
}

/** Waits for admission and the start; who is there in time starts with the room, who comes later by a button. */
export async function waitingRoom(tools, session) {
  const room = roomOf(tools, session);
  const cards = new MessageCards(session);
  const untell = tellActs(session, room.notices);
  let wanted = false;
  room.go.addEventListener("click", () => { wanted = true; room.go.disabled = true; });
  const isDue = () => session.facts.starts_at <= tools.clock.now();
  let punctual = false;
  const ticker = window.setInterval(() => tick(tools, session, room, !punctual), TICK_MS);
  try {
    for (let asked = -Infinity; ;) {
      if (performance.now() - asked >= POLL_MS) {
        asked = performance.now() + jitter(POLL_MS) - POLL_MS;
        await ask(session, room);
      }
      if (session.isOver || session.locked || session.state === "in_progress" || session.state === "paused") return;
      if (session.state === "ready" && !isDue()) punctual = true;
      if (session.state === "ready" && isDue() && (wanted || punctual) && await open(session, room)) return;
      await sleep(TICK_MS);
    }
  } finally {
    window.clearInterval(ticker);
    cards.close();
    untell();
  }
}

/** Before admission only the terminal's signature opens anything; afterwards the lease asks at a tenth of its cost. */
function inquire(session) {
  return session.lease ? session.poll().catch(() => session.acquire()) : session.acquire();
}

/** Shows what the proctor says while the candidate checks the machine and reads the rules; returns how to end. */
export function hear(session) {
  const cards = new MessageCards(session);
  let asking = null;
  const timer = window.setInterval(() => { asking ??= inquire(session).catch(() => {}).finally(() => { asking = null; }); }, jitter(POLL_MS));
  return () => {
    window.clearInterval(timer);
    cards.close();
    return asking;
  };
}

async function ask(session, room) {
  try {
    await inquire(session);
    if (!room.refused) room.box.clear();
  } catch (error) {
    if (error.code !== "lease_elsewhere") room.box.show(error);
  }
  showAdmission(room.admitted, session.state === "ready");
}

/** A whole room starts in the same second, so each terminal waits its own small moment. */
async function open(session, room) {
  await sleep(START_SPREAD_MS * Math.random());
  try {
    await session.open();
    return true;
  } catch (error) {
    const startsAt = error.body?.starts_at ?? error.body?.fields?.starts_at;
    if (error.code === "not_started" && startsAt) session.facts.starts_at = startsAt;
    else if (error.code !== "attempt_paused") room.box.show(error);
    room.refused = !error.later && error.code !== "not_started";
    await sleep(jitter(1000));
    return error.code === "attempt_paused";
  }
}

function tick(tools, session, room, late) {
  const startsAt = session.facts.starts_at;
  const left = startsAt - tools.clock.now();
  const due = !(left > 0);
  room.go.hidden = !(due && late && session.state === "ready");
  room.big.hidden = !startsAt || due;
  room.big.textContent = startsAt ? span(left) : "";
  const key = !startsAt ? "waiting.unknown" : !due ? "waiting.until" : session.state !== "ready" ? "waiting.proctor" : late ? "waiting.now" : "waiting.opening";
  const sentence = word(key, { time: startsAt ? timeOfDay(startsAt, false) : "" });
  if (room.words.textContent !== sentence) room.words.textContent = sentence;
}

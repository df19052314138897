/** The way through the terminal: check, enrolment, check-in, waiting, exam, receipt, and back for the next candidate. */

import { Api } from "./api.js";
import { isAble, systemCheck } from "./check.js";
import { confirmPhoto, identify, notMe } from "./checkin.js";
import { ServerClock } from "./clock.js";
import { jitter, sleep } from "./dom.js";
import { enrolment, lookUp } from "./enrol.js";
import { ExamPage } from "./exam.js";
import { receiptPage, voidedPage } from "./handin.js";
import { setTheme } from "./help.js";
import { Keys } from "./keys.js";
import { FINISHED, Session } from "./session.js";
import { placeWords, stage, trouble } from "./stage.js";
import { Store } from "./store.js";
import { beTheOnlyTab } from "./tabs.js";
import { hear, instructions, waitingRoom } from "./waiting.js";
import { word } from "./words.js";

const RETRY_MS = 2000;
const EARLY = new Set(["created", "checked_in", "ready"]);

/** Keeps the page itself on this machine, so that a reload without network still opens it. */
function keepBundle() {
  navigator.serviceWorker?.register("/terminal/sw.js", { scope: "/terminal" }).catch(() => {});
}

/** Tells the camera part of the page which attempt it belongs to, once nothing more has to be read or pressed first. */
function tellSlots(session) {
  if (!session.isSettled) return;
  const detail = { attempt: session.attempt, lease: session.lease, pass: session.pass, epoch: session.facts.epoch, state: session.state };
  document.dispatchEvent(new CustomEvent("ankao:attempt", { detail }));
}

async function prepare() {
  const store = await Store.open();
  const clock = new ServerClock();
  const tools = { store, clock, keys: await Keys.open(store), session: null, terminal: null };
  tools.api = new Api(clock, (reach) => tools.session?.heardReach(reach));
  for (const name of ["online", "pageshow"]) window.addEventListener(name, () => tools.session?.hurry());
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tools.session?.hurry(); });
  setTheme(await store.get("facts", "theme"));
  navigator.storage?.persist?.().catch(() => {});
  return tools;
}

async function remember(tools, bound) {
  await tools.store.put("facts", bound, "bound");
  return bound;
}

/** The terminal of this seat; during an exam as this browser last knew it, so that a crash never waits for the desk. */
async function terminalOf(tools, hurried) {
  const known = await tools.store.get("facts", "bound");
  if (known && hurried) return known;
  if (known) {
    const found = await lookUp(tools.api, known.id).catch(() => known);
    if (found?.state === "bound") return remember(tools, { ...known, ...found, place: placeWords(found.room, found.seat) });
  } else {
    await systemCheck(tools);
  }
  return remember(tools, await enrolment(tools));
}

async function checkIn(tools) {
  for (;;) {
    const reply = await identify(tools);
    if (await confirmPhoto(tools, reply)) {
      const kept = { id: reply.attempt_id, step: "device" };
      await tools.store.put("facts", kept, "attempt");
      const session = new Session(tools, reply.attempt_id);
      session.facts = { candidate: reply.candidate, qualification: reply.qualification };
      session.state = reply.state;
      return session;
    }
    await notMe(tools);
  }
}

/** What is kept here is enough to show while the server or the lease is away. */
function isResumable(session) {
  return session.isOver || Boolean(session.form && session.lease && !EARLY.has(session.state));
}

function showRegaining(error, box) {
  const elsewhere = error.code === "lease_elsewhere";
  stage({ title: word(elsewhere ? "elsewhere.title" : "regain.title"), lead: word(elsewhere ? "elsewhere.lead" : "regain.lead"), picture: elsewhere ? "stop" : "sync" }, box.box);
}

/** Regains the attempt after a reload or crash; false where the server knows no such attempt. */
async function regain(session) {
  const box = trouble();
  for (let shown = ""; ;) {
    try {
      await session.acquire();
      return true;
    } catch (error) {
      if (error.status === 404) return false;
      if (error.code === "attempt_finalised") await session.poll().catch(() => {});
      if (isResumable(session) && (error.later || session.isOver || error.code === "lease_elsewhere")) return true;
      if (shown !== error.code) showRegaining(error, box);
      shown = error.code;
      box.show(error);
      await sleep(jitter(RETRY_MS));
    }
  }
}

async function steps(tools, session, step) {
  const keep = (name) => tools.store.put("facts", { id: session.attempt, step: name }, "attempt");
  if (step === "device") {
    await systemCheck(tools, { step: "device", place: tools.terminal.place });
    await keep("rules");
  }
  if (step !== "waiting") {
    if (!session.facts.duration_s) await session.acquire().catch(() => {});
    await instructions(tools, session);
    await keep("waiting");
  }
}

/** Opens a running attempt; without network, from what is kept here. */
async function openExam(tools, session) {
  while (!session.isOver) {
    try {
      await session.open();
      return;
    } catch (error) {
      if (session.form && (error.later || session.locked || error.code === "attempt_paused")) { session.watch(); return; }
      stage({ title: word("regain.title"), picture: "sync" });
      await sleep(jitter(RETRY_MS));
      await session.acquire().catch(() => {});
    }
  }
}

async function sit(tools, session, step) {
  while (EARLY.has(session.state)) {
    const deafen = hear(session);
    await steps(tools, session, step);
    await deafen();
    step = "waiting";
    session.isSettled = true;
    await waitingRoom(tools, session);
    if (session.locked) await regain(session);
  }
  session.isSettled = true;
  tellSlots(session);
  if (!session.isOver) {
    if (!session.isWatched) await openExam(tools, session);
    await new ExamPage(tools, session).run();
  }
  tellSlots(session);
  if (!session.receipt && session.lease) await session.poll().catch(() => {});
  if (FINISHED.has(session.state) && session.journal.unsaved().length === 0) await tools.store.remove("vault", `form:${session.attempt}`).catch(() => {});
  if (FINISHED.has(session.state)) await receiptPage(tools, session);
  else await voidedPage(tools, session);
}

/** Forgets a finished attempt; answers that never reached the server stay, sealed, as evidence. */
async function clear(tools, session) {
  session.close();
  tools.session = null;
  await tools.store.remove("facts", "attempt");
  if (session.journal.unsaved().length === 0) await tools.store.forget(session.attempt);
}

async function serveOne(tools) {
  const kept = await tools.store.get("facts", "attempt");
  tools.terminal = await terminalOf(tools, Boolean(kept));
  const session = kept ? new Session(tools, kept.id) : await checkIn(tools);
  tools.session = session;
  session.addEventListener("messages", () => tellSlots(session));
  await session.load();
  // whom the proctor has moved here has read the rules, and the time is running
  const isUnderWay = kept || !EARLY.has(session.state);
  if (!isUnderWay || await regain(session)) await sit(tools, session, kept?.step ?? "device");
  await clear(tools, session);
}

async function main() {
  if (!isAble()) {
    stage({ title: word("check.title.first"), lead: word("unable"), picture: "warn", tone: "stopped" });
    return;
  }
  await beTheOnlyTab(() => stage({ title: word("second.title"), lead: word("second.lead"), picture: "windows" }));
  keepBundle();
  const tools = await prepare();
  for (;;) await serveOne(tools);
}

main().catch((error) => {
  stage({ title: word("broken.title"), lead: word("broken.lead"), picture: "warn", tone: "stopped" });
  console.error(error);
});

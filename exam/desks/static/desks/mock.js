/** A mock exam: the terminal's own page and session, over the mock's calls. */

import { Problem, Unreachable } from "/static/delivery/terminal/api.js";
import { ServerClock } from "/static/delivery/terminal/clock.js";
import { jitter, sleep } from "/static/delivery/terminal/dom.js";
import { ExamPage } from "/static/delivery/terminal/exam.js";
import { Keys } from "/static/delivery/terminal/keys.js";
import { Session } from "/static/delivery/terminal/session.js";
import { Store } from "/static/delivery/terminal/store.js";
import { beTheOnlyTab } from "/static/delivery/terminal/tabs.js";

const PATIENCE_MS = 10_000;
const RETRY_MS = 2_000;
const LATER = new Set([429, 502, 503, 504]);
const { mock, review, badge, broken } = document.body.dataset;
const CSRF = document.querySelector('meta[name="csrf-token"]').content;

/** The calls of `Api` that a session at home makes, to the mock's addresses. */
class MockApi {
  #clock;
  #onReach;

  constructor(clock, onReach) {
    this.#clock = clock;
    this.#onReach = onReach;
  }

  start() { return this.#call("POST", "start", {}); }
  responses() { return this.#call("GET", "responses"); }
  save(_attempt, _lease, saves) { return this.#call("POST", "responses", { saves }); }
  state() { return this.#call("GET", "state").then((reply) => ({ ...reply, messages: [] })); }
  submit(_attempt, _lease, answered, cause) { return this.#call("POST", "submit", { answered, cause }); }

  async #call(method, name, body) {
    const headers = { Accept: "application/json", "x-csrftoken": CSRF };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const sentAt = performance.now();
    let answer;
    let text;
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      answer = await fetch(`/api/learn/mocks/${mock}/${name}`, { method, headers, body: body && JSON.stringify(body), cache: "no-store", credentials: "same-origin", redirect: "error", signal });
      text = await answer.text();
    } catch {
      this.#onReach("lost");
      throw new Unreachable();
    }
    return this.#judge(answer, text, performance.now() - sentAt);
  }

  #judge(answer, text, latencyMs) {
    this.#onReach(LATER.has(answer.status) ? "busy" : "ok");
    const body = text.startsWith("{") ? JSON.parse(text) : {};
    if (answer.status === 401) window.location.reload();
    if (!answer.ok) throw new Problem(answer.status, body, 1000 * Number(answer.headers.get("retry-after") ?? 0) || 0);
    if (typeof body.server_now === "number") this.#clock.sync(body.server_now, latencyMs);
    return { ...body, latency_ms: latencyMs };
  }
}

async function open(session) {
  for (;;) {
    try {
      await session.open();
      return;
    } catch (error) {
      if (!error.later) throw error;
      document.getElementById("opening").textContent = broken;
      await sleep(jitter(RETRY_MS));
    }
  }
}

async function main() {
  await beTheOnlyTab(() => { document.getElementById("opening").textContent = document.body.dataset.second; });
  const store = await Store.open();
  const clock = new ServerClock();
  const tools = { store, clock, keys: await Keys.open(store), session: null, terminal: { id: "", place: "" } };
  tools.api = new MockApi(clock, (reach) => tools.session?.heardReach(reach));
  const session = new Session(tools, mock);
  tools.session = session;
  for (const name of ["online", "pageshow"]) window.addEventListener(name, () => session.hurry());
  await session.load();
  session.facts = { seat: null, candidate: { name_masked: badge } };
  await open(session);
  if (!session.isOver) await new ExamPage(tools, session).run();
  session.close();
  await store.forget(mock).catch(() => {});
  window.location.replace(review);
}

main().catch((error) => {
  document.getElementById("opening").textContent = broken;
  console.error(error);
});

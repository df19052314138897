// Runs at the packages' own origin: gives a part the programming interface that its standard asks for (scorm-again), and
// tells the page around it what the part says; a unit of cmi5 needs none, its address says whom to talk to. It holds no key
// and knows no person.

const { home, standard } = document.documentElement.dataset;
const TOLD_MS = 5000;
const TOUCHES = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];
const OLD = standard === "scorm12";
const DONE = new Set(["passed", "completed", "failed"]);

let api = null;
let item = null;
let dirty = false;
let toldAt = 0;

const tell = (message) => parent.postMessage(message, home);

/** What was kept, in the words of the standard. */
function restored(state) {
  const entry = !state ? "ab-initio" : state.suspended ? "resume" : "";
  const kept = state ?? { location: "", suspend_data: "", completion: "", success: "unknown", score: "" };
  const data = { suspend_data: kept.suspend_data, launch_data: item.launch ?? "" };
  if (!OLD) {
    const status = state ? kept.completion : "unknown";
    const score = kept.score ? { score: { scaled: kept.score } } : {};
    return { ...data, ...score, location: kept.location, entry, completion_status: status, success_status: kept.success };
  }
  const status = !state ? "not attempted" : kept.success === "unknown" ? kept.completion : kept.success;
  const core = { lesson_location: kept.location, lesson_status: status, entry, score: { raw: kept.score } };
  return { ...data, core, ...(item.mastery ? { student_data: { mastery_score: item.mastery } } : {}) };
}

/** What the part has said so far, in words of our own. */
function said() {
  const { cmi } = api.renderCMIToJSONObject();
  const core = OLD ? cmi.core : cmi;
  const status = OLD ? core.lesson_status : core.completion_status;
  const success = OLD ? status : core.success_status;
  return {
    item: item.key,
    location: String((OLD ? core.lesson_location : core.location) ?? ""),
    suspend_data: String(cmi.suspend_data ?? ""),
    completion: DONE.has(status) ? "completed" : "incomplete",
    success: success === "passed" || success === "failed" ? success : "unknown",
    score: String((OLD ? core.score?.raw : core.score?.scaled) ?? ""),
    suspended: core.exit === "suspend",
  };
}

function report() {
  if (!dirty || !api) return;
  dirty = false;
  tell({ kind: "said", said: said() });
}

function offer(state) {
  const Engine = OLD ? window.Scorm12API : window.Scorm2004API;
  api = new Engine({ autocommit: false, lmsCommitUrl: false, logLevel: 5 });
  api.loadFromJSON(restored(state), "cmi");
  window[OLD ? "API" : "API_1484_11"] = api;
  const changed = () => { dirty = true; };
  const now = () => { dirty = true; report(); };
  api.on(OLD ? "LMSSetValue.cmi.*" : "SetValue.cmi.*", changed);
  for (const name of OLD ? ["LMSInitialize", "LMSCommit", "LMSFinish"] : ["Initialize", "Commit", "Terminate"]) api.on(name, now);
}

/** A part is left before the next one opens: its own farewell is heard while its interface still stands. */
function open({ item: next, state }) {
  document.querySelector("iframe")?.remove();
  report();
  item = next;
  if (standard !== "cmi5") offer(state);
  const frame = document.createElement("iframe");
  frame.title = next.title;
  frame.allow = "autoplay; fullscreen";
  frame.addEventListener("load", () => watch(frame.contentWindow));
  frame.src = location.pathname + next.href;
  document.body.replaceChildren(frame);
}

function touched() {
  if (performance.now() - toldAt < TOLD_MS) return;
  toldAt = performance.now();
  tell({ kind: "touched" });
}

function watch(there) {
  for (const name of TOUCHES) there.addEventListener(name, touched, { passive: true, capture: true });
}

addEventListener("message", ({ origin, source, data }) => {
  if (origin === home && source === parent && data?.kind === "open") open(data);
});
addEventListener("pagehide", report);
setInterval(report, TOLD_MS);
watch(window);
tell({ kind: "ready" });

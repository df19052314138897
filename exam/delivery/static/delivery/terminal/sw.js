/** Keeps the terminal's own page and files, so that a reload without network still opens the exam; answers never pass here. */

const KEPT = "ankao-terminal-1";
const PAGE = "/terminal";
const FOLDER = "/static/delivery/terminal/";
const PATIENCE_MS = 4000;
const FILES = [
  "api.js", "areas.js", "check.js", "checkin.js", "clock.js", "dom.js", "enrol.js", "exam.js", "handin.js", "help.js",
  "item.js", "journal.js", "keyboard.js", "keys.js", "kinds.js", "main.js", "navigator.js", "saver.js", "session.js",
  "stage.js", "store.js", "tabs.js", "terminal.css", "tokens.css", "waiting.js", "words.js",
  // fetched by a form that has them; kept beforehand, for then the network may be away
  "kinds/case.js", "kinds/essay.js", "kinds/figures.js", "kinds/groups.js", "kinds/hotspot.js", "kinds/kinds.css", "kinds/sequence.js",
];

self.addEventListener("install", (event) => {
  const paths = [PAGE, ...FILES.map((name) => FOLDER + name)];
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(paths)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const forget = (names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(forget).then(() => self.clients.claim()));
});

/** The network's file, kept for later; the kept one where the network is slow or away. */
async function newestOrKept(path) {
  const cache = await caches.open(KEPT);
  const stop = new AbortController();
  const patience = setTimeout(() => stop.abort(), PATIENCE_MS);
  try {
    const answer = await fetch(path, { cache: "no-cache", credentials: "same-origin", signal: stop.signal });
    if (!answer.ok) return (await cache.match(path)) ?? answer;
    await cache.put(path, answer.clone());
    return answer;
  } catch {
    return (await cache.match(path)) ?? Response.error();
  } finally {
    clearTimeout(patience);
  }
}

self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  if (pathname === PAGE || pathname.startsWith(FOLDER)) {
    event.respondWith(newestOrKept(pathname));
  }
});

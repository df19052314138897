/** The system check: what this browser can do, whether the server answers, clock, screen and keyboard. */

import { h, icon } from "./dom.js";
import { actions, awaited, stage } from "./stage.js";
import { word } from "./words.js";

const SMALL_WIDTH = 1024;
const SMALL_HEIGHT = 600;
const SLOW_MS = 1000;
const SKEW_MS = 5000;
const RETRY_MS = 3000;

function abilities() {
  const missing = [
    [window.isSecureContext && crypto.subtle, "check.secure"],
    [window.indexedDB, "check.storage"],
    [navigator.locks, "check.locks"],
    [window.HTMLDialogElement, "check.dialog"],
  ].filter(([present]) => !present).map(([, key]) => word(key));
  if (missing.length > 0) return ["bad", word("check.browser.bad", { what: missing.join(word("comma")) })];
  return ["good", word("check.browser.good")];
}

function screenSize() {
  const size = { width: window.innerWidth, height: window.innerHeight };
  const small = size.width < SMALL_WIDTH || size.height < SMALL_HEIGHT;
  return [small ? "fair" : "good", word(small ? "check.screen.small" : "check.screen.good", size)];
}

function skewWords(skewMs) {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (Math.abs(skewMs) < SKEW_MS) return ["good", word("check.clock.good")];
  return ["fair", word(skewMs > 0 ? "check.clock.fast" : "check.clock.slow", { seconds })];
}

async function server({ api, clock }) {
  try {
    const { latencyMs, date } = await api.probe();
    const ms = Math.round(latencyMs);
    const skew = clock.known ? clock.skewMs() : Number.isNaN(date) ? 0 : Date.now() - date;
    return [[latencyMs > SLOW_MS ? "fair" : "good", word("check.server.good", { ms })], skewWords(skew)];
  } catch {
    return [["bad", word("check.server.bad")], ["wait", word("check.clock.wait")]];
  }
}

function row(picture, title) {
  const text = h("span", { class: "check-words", text: word("check.running") });
  const sign = h("span", { class: "check-sign" });
  const item = h("li", { class: "check wait" }, h("span", { class: "check-picture" }, icon(picture)), h("span", { class: "check-title", text: title }), text, sign);
  const set = ([level, words]) => {
    item.className = `check ${level}`;
    text.textContent = words;
    sign.replaceChildren(...(level === "wait" ? [] : [icon({ good: "check", fair: "warn", bad: "cross" }[level]), h("span", { text: word(`check.${level}`) })]));
  };
  return { item, set };
}

/** Shows the check and returns when the person goes on; going on needs a good browser and a reachable server. */
export async function systemCheck(tools, { step = null, place = "" } = {}) {
  const rows = { browser: row("windows", word("check.browser")), server: row("net", word("check.server")), clock: row("clock", word("check.clock")), screen: row("screen", word("check.screen")), keyboard: row("keyboard", word("check.keyboard")) };
  const [next, clicked] = awaited(word("next"), { kind: "chief", after: "right", disabled: true });
  stage({ title: word(step ? "check.title" : "check.title.first"), lead: word("check.lead"), step, place },
    h("ul", { class: "checks" }, Object.values(rows).map(({ item }) => item)), actions(next));
  rows.browser.set(abilities());
  rows.screen.set(screenSize());
  rows.keyboard.set(["wait", word("check.keyboard.try")]);
  const pressed = () => rows.keyboard.set(["good", word("check.keyboard.good")]);
  const resized = () => rows.screen.set(screenSize());
  document.addEventListener("keydown", pressed);
  window.addEventListener("resize", resized);
  const look = async () => {
    const [reach, skew] = await server(tools);
    rows.server.set(reach);
    rows.clock.set(skew);
    next.disabled = reach[0] === "bad" || abilities()[0] === "bad";
  };
  const again = window.setInterval(look, RETRY_MS);
  await look();
  await clicked;
  window.clearInterval(again);
  document.removeEventListener("keydown", pressed);
  window.removeEventListener("resize", resized);
}

/** True where this browser can hold an exam at all. */
export function isAble() {
  return abilities()[0] === "good";
}

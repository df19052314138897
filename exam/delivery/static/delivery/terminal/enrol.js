/** Enrolment: this browser becomes the terminal of one seat when the proctor types its code at the desk. */

import { h, sleep } from "./dom.js";
import { placeWords, stage, trouble } from "./stage.js";
import { word } from "./words.js";

const POLL_MS = 3000;
const BOUND = "bound";

/** What the server knows of this terminal; null where it does not know it. */
export async function lookUp(api, id) {
  try {
    return await api.terminal(id);
  } catch (error) {
    if (error.status === 404 || error.status === 410) return null;
    throw error;
  }
}

async function enrolOnce({ api, keys, store }, box) {
  for (;;) {
    try {
      const reply = await api.enrol({ public_key: await keys.publicKey(), label: "" });
      await store.put("facts", { id: reply.terminal_id, code: reply.code }, "terminal");
      box.clear();
      return reply;
    } catch (error) {
      box.show(error);
      await sleep(POLL_MS);
    }
  }
}

function showCode(code, box, status) {
  const letters = [...code].map((letter) => h("span", { "aria-hidden": "true", text: letter }));
  stage({ title: word("enrol.title"), lead: word("enrol.lead"), picture: "screen" },
    h("p", { class: "enrol-code", id: "enrol-code" }, h("span", { class: "sr", text: [...code].join(" ") }), ...letters), box.box, status);
}

/** Enrols where needed and waits until the seat is bound; returns {id, room, seat, sitting}. */
export async function enrolment(tools) {
  const box = trouble();
  const known = await tools.store.get("facts", "terminal");
  let { id, code = "" } = known ?? {};
  const status = h("p", { class: "waiting-words", role: "status" }, h("span", { class: "pulse" }), h("span", { text: word("enrol.waiting") }));
  for (let shown = false; ;) {
    try {
      const found = id ? await lookUp(tools.api, id) : null;
      if (found?.state === BOUND) return { id, ...found, place: placeWords(found.room, found.seat) };
      if (!found) {
        if (!shown) stage({ title: word("enrol.title") }, box.box, status);
        const reply = await enrolOnce(tools, box);
        ({ terminal_id: id, code } = reply);
        shown = false;
        if (reply.state === BOUND) continue;
      }
      if (!shown) showCode(code, box, status);
      shown = true;
      box.clear();
    } catch (error) {
      if (!shown) showCode(code, box, status);
      shown = true;
      box.show(error);
    }
    await sleep(POLL_MS);
  }
}

/** The page around everything before and after the exam itself: head, steps, one card. */

import { button, h, icon, mount } from "./dom.js";
import { failure, isEnglish, word } from "./words.js";

export const STEPS = ["identity", "photo", "device", "rules", "waiting"];

const YEAR_S = 365 * 24 * 3600;

function otherLanguage() {
  const choose = () => {
    document.cookie = `lang=${isEnglish ? "zh-CN" : "en"}; path=/; max-age=${YEAR_S}; samesite=lax`;
    window.location.reload();
  };
  return h("button", { type: "button", class: "quiet", lang: isEnglish ? "zh-CN" : "en", text: isEnglish ? "中文" : "English", on: { click: choose } });
}

/** The line of check-in steps; the present one is named to a screen reader. */
export function stepLine(present) {
  const at = STEPS.indexOf(present);
  const item = (step, index) => {
    const state = index < at ? "done" : index === at ? "now" : "next";
    const mark = state === "done" ? icon("check") : h("span", { text: String(index + 1) });
    return h("li", { class: `step ${state}`, "aria-current": state === "now" ? "step" : null }, h("span", { class: "step-mark" }, mark), h("span", { class: "step-word", text: word(`step.${step}`) }));
  };
  return h("ol", { class: "steps", "aria-label": word("steps") }, STEPS.map(item));
}

/** Shows one card; `place` is what stands at the right of the head: room and seat, once known. */
export function stage({ title, lead = "", step = null, place = "", tone = "", picture = null, language = true }, ...body) {
  const heading = h("h1", { class: "stage-title", tabindex: "-1", "data-start": true }, picture && icon(picture), h("span", { text: title }));
  mount(
    h("header", { class: "stage-head" },
      h("span", { class: "mark" }, icon("shield"), h("span", { text: word("product") })),
      h("span", { class: "place", text: place }),
      language && otherLanguage()),
    h("main", { class: `stage ${tone}`, id: "main" },
      step && stepLine(step),
      h("section", { class: "sheet" }, heading, lead && h("p", { class: "lead", text: lead }), ...body)),
  );
}

/** A place for what went wrong: what, what now, and the code; empty until told. */
export function trouble() {
  const box = h("div", { class: "trouble", role: "alert", hidden: true });
  return {
    box,
    show(error) {
      const { sentence, code } = failure(error);
      box.replaceChildren(icon("warn"), h("p", { text: sentence }), h("p", { class: "code", text: code }));
      box.hidden = false;
    },
    clear() {
      box.hidden = true;
    },
  };
}

/** A row of buttons, the chief one last. */
export function actions(...buttons) {
  return h("div", { class: "actions" }, ...buttons);
}

/** Waits for one click on a button made from `props`; returns the button and the promise. */
export function awaited(label, props) {
  let done;
  const clicked = new Promise((resolve) => { done = resolve; });
  return [button(label, { ...props, on: { click: () => done() } }), clicked];
}

/** Room and seat in words. */
export function placeWords(room, seat) {
  const name = typeof room === "string" ? room : room?.title;
  return [name, seat && word("seat", { seat })].filter(Boolean).join(" · ");
}

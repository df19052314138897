/** The help card (F1): keys, what the status words mean, light or dark. */

import { button, closeDialog, h, icon, openDialog } from "./dom.js";
import { packageButton } from "./parcel.js";
import { word } from "./words.js";

const KEYS = [[["1", "2", "A", "D"], "help.choose"], [["←", "→"], "help.move"], [["F"], "help.flag"], [["F2"], "help.hand"], [["F1"], "help.help"], [["Tab"], "help.tab"]];
const THEMES = ["auto", "light", "dark", "contrast"];

/** Takes a theme: light, dark or high contrast by wish, else as the system has it. */
export function setTheme(theme) {
  if (theme !== "auto" && THEMES.includes(theme)) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

/** A row of choices of which one holds. */
export function choices(label, names, present, wordOf, onChoose, classOf = () => "") {
  const group = h("div", { class: "choices", role: "group", "aria-label": label });
  const choose = (name) => {
    for (const each of group.children) each.setAttribute("aria-pressed", String(each.dataset.name === name));
    onChoose(name);
  };
  for (const name of names) {
    group.append(h("button", { type: "button", class: `choice ${classOf(name)}`, "data-name": name, "aria-pressed": String(name === present), "aria-label": wordOf(name), text: classOf(name) ? "A" : wordOf(name), on: { click: () => choose(name) } }));
  }
  return group;
}

/** Opens the card, or closes it when it is open. */
export function toggleHelp(tools, session) {
  const open = document.getElementById("help");
  if (open) { closeDialog(open); return; }
  const known = KEYS.filter(([keys]) => tools.api.raiseHand || keys[0] !== "F2"); // at home nobody would come
  const rows = known.map(([keys, text]) => h("div", {}, h("dt", {}, keys.map((key) => h("kbd", { class: "key", text: key }))), h("dd", { text: word(text) })));
  const signs = [["good", "check", "help.saved"], ["fair", "disk", "help.kept"], ["bad", "nonet", "help.lost"]].map(([level, picture, text]) => h("li", { class: level }, icon(picture), h("span", { text: word(text) })));
  const theme = choices(word("theme"), THEMES, document.documentElement.dataset.theme ?? "auto", (name) => word(`theme.${name}`), (name) => { setTheme(name); tools.store.put("facts", name, "theme").catch(() => {}); });
  const close = button(word("close"), { kind: "chief", on: { click: () => closeDialog(dialog) } });
  const dialog = h("dialog", { class: "dialog help", id: "help", "aria-labelledby": "help-title" },
    h("h2", { id: "help-title" }, icon("help"), h("span", { text: word("help.title") })),
    h("dl", { class: "keys" }, rows), h("ul", { class: "signs" }, signs),
    h("div", { class: "theme" }, h("span", { text: word("theme") }), theme),
    session.journal.unsaved().length > 0 && packageButton(tools, session),
    h("div", { class: "actions" }, close));
  openDialog(dialog);
  close.focus();
}

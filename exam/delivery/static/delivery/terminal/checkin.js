/** Check-in at the seat: the ticket by scanner or by hand, the ID number, then the photo. */

import { button, h, icon } from "./dom.js";
import { actions, stage, trouble } from "./stage.js";
import { word } from "./words.js";

const TICKET = "AKT1.";
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_LETTERS = "10X98765432";
const ID_LENGTH = 18;

/** Undoes what a Chinese input method does to scanned letters: full-width forms, 。 for a point, blanks. */
export function plainTicket(text) {
  return text.normalize("NFKC").replace(/。/g, ".").replace(/\s+/g, "");
}

/** Tells whether an 18-character ID number has a right check letter (GB 11643). */
export function isRightIdNumber(number) {
  if (!/^\d{17}[\dX]$/.test(number)) return false;
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * Number(number[index]), 0);
  return CHECK_LETTERS[sum % 11] === number[17];
}

function field(name, picture, props) {
  const hint = h("p", { class: "hint", id: `${name}-hint`, text: word(`checkin.${name}.hint`) });
  const input = h("input", { id: name, name, type: "text", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", "aria-describedby": `${name}-hint`, required: true, ...props });
  const label = h("label", { for: name }, icon(picture), h("span", { text: word(`checkin.${name}`) }));
  return { input, hint, node: h("div", { class: "field" }, label, input, hint) };
}

function watchIdNumber({ input, hint }) {
  const number = input.value.toUpperCase().normalize("NFKC").replace(/\s/g, "");
  const complete = number.length === ID_LENGTH;
  const wrong = complete && !isRightIdNumber(number);
  const key = wrong ? "checkin.id_number.wrong" : complete ? "checkin.id_number.right" : "checkin.id_number.hint";
  hint.textContent = word(key, { n: number.length });
  hint.className = wrong ? "hint wrong" : complete ? "hint right" : "hint";
}

async function send({ api, keys, clock, terminal }, ticket, idNumber) {
  const nonce = keys.nonce(clock.now());
  const signature = await keys.sign("checkin", terminal.id, ticket, nonce);
  return api.checkIn({ terminal_id: terminal.id, ticket, id_number: idNumber, nonce, signature });
}

/** A ticket that a scanner typed into the wrong field goes to its own. */
function moveTicket(ticket, idNumber) {
  const text = plainTicket(idNumber.input.value).toUpperCase();
  if (!text.startsWith(TICKET)) return;
  ticket.input.value = plainTicket(idNumber.input.value);
  idNumber.input.value = "";
}

/** Asks for ticket and ID number until the server knows the candidate; returns its answer. */
export function identify(tools) {
  const ticket = field("ticket", "card", { inputmode: "text", placeholder: "AKT1.…" });
  const idNumber = field("id_number", "person", { maxlength: "80", inputmode: "text" });
  const box = trouble();
  const go = button(word("checkin.go"), { kind: "chief", after: "right", type: "submit" });
  const form = h("form", { class: "checkin", novalidate: true }, ticket.node, idNumber.node, box.box, actions(go));
  stage({ title: word("checkin.title"), lead: word("checkin.lead"), step: "identity", place: tools.terminal.place }, form);
  ticket.input.focus();
  idNumber.input.addEventListener("input", () => { moveTicket(ticket, idNumber); watchIdNumber(idNumber); });
  return new Promise((resolve) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const values = [plainTicket(ticket.input.value), idNumber.input.value.toUpperCase().normalize("NFKC").replace(/\s/g, "")];
      const empty = [ticket.input, idNumber.input][values.indexOf("")];
      if (empty) { empty.focus(); return; }
      go.disabled = true;
      box.clear();
      try {
        resolve(await send(tools, ...values));
      } catch (error) {
        box.show(error);
        ({ id_mismatch: idNumber }[error.code] ?? ticket).input.select();
      }
      go.disabled = false;
    });
  });
}

/** Shows whose place this is; returns whether the candidate says "that is me". */
export function confirmPhoto(tools, { candidate, qualification }) {
  const photo = candidate.photo_url
    ? h("img", { class: "photo", src: candidate.photo_url, alt: word("photo.alt"), width: "240", height: "320" })
    : h("div", { class: "photo none" }, icon("person"), h("span", { text: word("photo.none") }));
  const line = (key, value) => value && h("div", {}, h("dt", { text: word(key) }), h("dd", { text: value }));
  const facts = h("dl", { class: "facts" }, line("photo.name", candidate.name_masked), line("photo.id", candidate.id_masked),
    line("photo.qualification", qualificationWords(qualification)), line("photo.seat", tools.terminal.seat));
  return new Promise((resolve) => {
    const yes = button(word("photo.yes"), { kind: "chief", picture: "check", on: { click: () => resolve(true) } });
    const no = button(word("photo.no"), { picture: "cross", on: { click: () => resolve(false) } });
    stage({ title: word("photo.title"), lead: word("photo.lead"), step: "photo", place: tools.terminal.place },
      h("div", { class: "identity" }, photo, facts), actions(no, yes));
    yes.focus({ preventScroll: true });
  });
}

/** A qualification's title, whether it came as a text or as {code, title}. */
export function qualificationWords(qualification) {
  return typeof qualification === "string" ? qualification : qualification?.title ?? "";
}

/** The candidate says it is somebody else's place: nobody goes on before the proctor has come. */
export function notMe(tools) {
  return new Promise((resolve) => {
    const again = button(word("photo.again"), { kind: "chief", on: { click: resolve } });
    stage({ title: word("photo.notme"), lead: word("photo.notme.lead"), step: "photo", place: tools.terminal.place, picture: "hand" }, actions(again));
  });
}

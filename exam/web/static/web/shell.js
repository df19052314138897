// The shell's small script: navigation on phones, menus, dialogs, toasts, the CSRF header of htmx, and no lost forms.
const root = document.documentElement;
const find = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];

function navigation() {
  const toggle = find("[data-nav]");
  if (!toggle) return;
  const nav = find("#nav");
  const set = (open) => {
    document.body.classList.toggle("nav-open", open);
    toggle.setAttribute("aria-expanded", String(open));
    if (open) find("a", nav)?.focus();
  };
  toggle.addEventListener("click", () => set(!document.body.classList.contains("nav-open")));
  find("[data-nav-close]")?.addEventListener("click", () => set(false));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !document.body.classList.contains("nav-open")) return;
    set(false);
    toggle.focus();
  });
}

function menus() {
  const close = (except) => all("[data-menu][open]").forEach((menu) => menu !== except && (menu.open = false));
  document.addEventListener("click", (event) => close(event.target.closest("[data-menu]")));
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && find("[data-menu][open]");
    if (!menu) return;
    menu.open = false;
    find("summary", menu).focus();
  });
}

// <button data-dialog="id"> opens a <dialog>; [data-close] inside it, or a click beside it, closes it.
function dialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
    if (event.target.closest("[data-close]") || event.target instanceof HTMLDialogElement) {
      event.target.closest("dialog")?.close();
    }
  });
}

function toast(text, tone = "ok") {
  const card = find(`#toast-${tone}`).content.firstElementChild.cloneNode(true);
  find("span", card).textContent = text;
  find("#toasts").append(card);
  fade(card);
}

function fade(card) {
  setTimeout(() => card.remove(), 8000);
}

// Parts of a page that htmx fetches: the CSRF header on the way out, the problem's own words on the way back.
function partial() {
  const token = find('meta[name="csrf-token"]')?.content;
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["x-csrftoken"] = token;
  });
  // a part that asks again and again keeps still while somebody is at work in it, also where its answer is on the way
  document.addEventListener("htmx:configRequest", (event) => {
    if (isAtWork(event.target)) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.requestConfig.verb === "get" && isAtWork(event.detail.target)) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:responseError", (event) => {
    const { status, responseText } = event.detail.xhr;
    if (status === 401) session.end();
    else toast(words(responseText), "bad");
  });
  document.addEventListener("toast", (event) => toast(event.detail.value ?? event.detail));
}

function isAtWork(part) {
  return part.matches("[data-calm]") && Boolean(find("dialog[open]") || find("details[open]", part));
}

function words(body) {
  try {
    const problem = JSON.parse(body);
    return [problem.title, problem.code, problem.incident].filter(Boolean).join(" · ");
  } catch {
    return body.slice(0, 200);
  }
}

// A session that nobody uses ends, and any session ends some day: say so in time, extend it in place, and never take
// a form away. `over` tells the forms that sending now would be in vain; `ask` finds out.
const session = { over: () => false, ask: async () => true, end: () => {} };

function idle() {
  const bar = find("#idle");
  if (!bar) return;
  const idleMs = Number(bar.dataset.idleS) * 1000;
  let endsAt = Date.now() + Number(bar.dataset.leftS) * 1000;
  let ended = false;
  const seen = () => localStorage.setItem("ankao-seen", String(Date.now()));
  const idleLeft = () => idleMs - (Date.now() - Number(localStorage.getItem("ankao-seen")));
  const left = () => (ended ? 0 : Math.min(idleLeft(), endsAt - Date.now()));
  const show = () => {
    const state = left() <= 0 ? "over" : idleLeft() <= endsAt - Date.now() ? "soon" : "last";
    bar.hidden = left() > Math.min(idleMs / 5, 300_000);
    all("[data-when]", bar).forEach((part) => { part.hidden = !part.dataset.when.split(" ").includes(state); });
  };
  session.over = () => left() <= 0;
  session.end = () => { ended = true; show(); };
  session.ask = async () => {
    const answer = await fetch("/account/alive").catch(() => null);
    if (answer?.ok) {
      ended = false;
      if (endsAt <= Date.now()) endsAt = Date.now() + idleMs; // somebody has logged in again in another window
      seen();
    } else if (answer?.status === 401) ended = true;
    show();
    return !ended;
  };
  find("[data-stay]", bar).addEventListener("click", session.ask);
  addEventListener("focus", () => session.over() && session.ask());
  seen();
  document.addEventListener("htmx:afterOnLoad", seen);
  setInterval(show, 5000);
}

function network() {
  const bar = find("#offline");
  const show = () => { bar.hidden = navigator.onLine; };
  addEventListener("online", show);
  addEventListener("offline", show);
  addEventListener("htmx:sendError", () => { bar.hidden = false; });
  addEventListener("htmx:afterOnLoad", () => { bar.hidden = true; });
}

// A form marked data-guard asks before it is left with words in it; a form is sent once, however often it is clicked;
// one whose session has ended stays where it is, with its words and files, until somebody has logged in again.
function forms() {
  const changed = new Set();
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-guard]");
    if (form) changed.add(form);
  });
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const posts = form.method === "post" && !form.hasAttribute("hx-post");
    if (form.dataset.sent) event.preventDefault();
    else if (posts && session.over()) {
      event.preventDefault();
      const { submitter } = event;
      if (await session.ask()) form.requestSubmit(submitter);
    } else {
      changed.delete(form);
      if (!posts) return;
      form.dataset.sent = "1";
      setTimeout(() => delete form.dataset.sent, 4000);
    }
  });
  addEventListener("beforeunload", (event) => changed.size && event.preventDefault());
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));
}

function back() {
  all("[data-back]").forEach((button) => {
    button.hidden = history.length < 2;
    button.addEventListener("click", () => history.back());
  });
  all("[data-print]").forEach((button) => button.addEventListener("click", () => print()));
  all("[data-auto-submit]").forEach((field) => field.addEventListener("change", () => field.form.requestSubmit()));
}

navigation();
menus();
dialogs();
partial();
idle();
network();
forms();
back();
all("[data-toast]").forEach(fade);
find("[data-focus]")?.focus();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => {
  if (root.dataset.bsTheme !== "contrast" && !root.hasAttribute("data-chosen")) root.dataset.bsTheme = event.matches ? "dark" : "light";
});

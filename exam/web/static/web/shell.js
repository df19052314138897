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

function toast(text) {
  const card = find("#toast-template").content.firstElementChild.cloneNode(true);
  find("span", card).textContent = text;
  find("#toasts").append(card);
  fade(card);
}

function fade(card) {
  setTimeout(() => card.remove(), 6000);
}

function htmx() {
  const token = find('meta[name="csrf-token"]')?.content;
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["x-csrftoken"] = token;
  });
  document.addEventListener("toast", (event) => toast(event.detail.value ?? event.detail));
}

function network() {
  const bar = find("#offline");
  const show = () => { bar.hidden = navigator.onLine; };
  addEventListener("online", show);
  addEventListener("offline", show);
  addEventListener("htmx:sendError", () => { bar.hidden = false; });
  addEventListener("htmx:afterOnLoad", () => { bar.hidden = true; });
}

// A form marked data-guard asks before it is left with words in it; a form is sent once, however often it is clicked.
function forms() {
  const changed = new Set();
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-guard]");
    if (form) changed.add(form);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    changed.delete(form);
    if (form.dataset.sent) event.preventDefault();
    else if (form.method === "post" && !form.hasAttribute("hx-post")) {
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
htmx();
network();
forms();
back();
all("[data-toast]").forEach(fade);
find("[data-focus]")?.focus();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => {
  if (root.dataset.bsTheme !== "contrast" && !root.hasAttribute("data-chosen")) root.dataset.bsTheme = event.matches ? "dark" : "light";
});

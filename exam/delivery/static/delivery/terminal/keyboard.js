/** Keys of the exam: letters and digits choose, arrows move, F flags, F1 helps, F2 calls. Enter never hands in. */

const WRITING = "textarea, input[type=text]";

/** The letter or digit of a key, also while a Chinese input method is on. */
function sign(event) {
  if (/^[a-z0-9]$/i.test(event.key)) return event.key.toUpperCase();
  return /^(?:Key|Digit|Numpad)([A-Z0-9])$/.exec(event.code)?.[1] ?? "";
}

/** Listens until the returned function is called; handlers: choose(index), chooseLabel(letter), move(step), flag, help, hand. */
export function listenToKeys(handlers) {
  const listen = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "F1" || event.key === "F2") {
      event.preventDefault();
      if (!event.repeat) handlers[event.key === "F1" ? "help" : "hand"]();
      return;
    }
    // a key that stays down must not press one button after another
    if (event.key === "Enter" && event.repeat && !event.target.closest?.(WRITING)) event.preventDefault();
    if (document.querySelector("dialog[open]") || event.target.closest?.(WRITING)) return;
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      event.preventDefault();
      handlers.move(event.key === "ArrowLeft" ? -1 : 1);
      return;
    }
    if (event.repeat) return;
    const letter = sign(event);
    if (letter === "F") handlers.flag();
    else if (letter >= "1" && letter <= "9") handlers.choose(Number(letter) - 1);
    else if (letter >= "A" && letter <= "Z") handlers.chooseLabel(letter);
  };
  document.addEventListener("keydown", listen);
  return () => document.removeEventListener("keydown", listen);
}

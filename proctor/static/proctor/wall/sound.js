/** What a proctor hears of one seat: a connection of its own, there while the act of listening stands and no longer. */

import { Viewer } from "./viewer.js";

const POLL_MS = 2000;

export class Sound {
  #exchange;
  #csrf;
  #viewer = null;
  #attempt = null;
  #act = "";
  #timer = null;

  constructor(exchange, csrf) {
    this.#exchange = exchange;
    this.#csrf = csrf;
    window.addEventListener("pagehide", () => this.leave());
  }

  /** Plays what a part of the drawer says is listened to; a drawer that was loaded again goes on without a gap. */
  play(part, attempt) {
    if (!part) {
      this.#end();
      return;
    }
    if (part.dataset.listening !== this.#act) {
      this.#end();
      [this.#act, this.#attempt] = [part.dataset.listening, attempt];
      this.#viewer = new Viewer([part.dataset.sound]);
      this.#viewer.addEventListener("lost", () => this.leave());
      this.#viewer.connect(this.#exchange).catch(() => this.leave());
    }
    const audio = part.querySelector("audio");
    audio.srcObject = this.#viewer?.streams.get(part.dataset.sound) ?? null;
    audio.play().catch(() => {});
    window.clearTimeout(this.#timer);
    this.#ask(part);
  }

  /** Says how it stands: the terminal may have no microphone, and after some minutes it is over. */
  async #ask(part) {
    const act = this.#act;
    const answer = await fetch(`/api/proctor/attempts/${this.#attempt}/listening`, { headers: { accept: "application/json" } }).catch(() => null);
    if (!part.isConnected || act !== this.#act) return;
    if (answer?.ok) {
      const { standing, word, silent } = await answer.json();
      const said = part.querySelector("[role=status]");
      if (said.textContent !== word) said.textContent = word;
      part.dataset.state = standing ? "on" : silent ? "silent" : "over";
      if (!standing) {
        part.querySelector("form").hidden = true;
        const again = document.getElementById("listen-acts");
        if (again) again.hidden = false;
        this.#end();
        return;
      }
    }
    this.#timer = window.setTimeout(() => this.#ask(part), POLL_MS);
  }

  /** Ends the act with the view, even where the page itself goes. */
  leave() {
    if (!this.#attempt) return;
    fetch(`/api/proctor/attempts/${this.#attempt}/hush`, {
      method: "POST", body: "{}", keepalive: true, headers: { "content-type": "application/json", "x-csrftoken": this.#csrf },
    }).catch(() => {});
    this.#end();
  }

  #end() {
    window.clearTimeout(this.#timer);
    this.#viewer?.close();
    [this.#viewer, this.#attempt, this.#act] = [null, null, ""];
  }
}

/** Extended text: answered in words of one's own, which people mark. */

import { WrittenArea } from "../areas.js";
import { h } from "../dom.js";
import { addWords, word } from "../words.js";

addWords({
  "interaction.extended_text": ["简答题", "Answer in words"],
  "item.essay.progress": ["已写 {n} 字，最多 {total} 字", "{n} of at most {total} characters"],
});

/** Tells one long text, less often than a short one, and how long it is. */
export default class EssayArea extends WrittenArea {
  static rows = 8;
  static longest = 2000;
  static pause = 1500;

  constructor(slot, response, onAnswer) {
    super(slot, response, onAnswer);
    const input = this.node.querySelector("textarea");
    const progress = h("p", { class: "hint", "aria-live": "off" });
    const tell = () => {
      progress.textContent = word("item.essay.progress", { n: input.value.length, total: EssayArea.longest });
    };
    input.addEventListener("input", tell);
    tell();
    this.node.querySelector(".hint").replaceWith(progress);
  }
}

/** The area of each interaction; of those that few forms have, the code is fetched once a form has them. */

import { OptionsArea, WrittenArea } from "./areas.js";
import { h, jitter, sleep } from "./dom.js";

const RETRY_MS = 2000;

/**
 * Made from (slot, response, onAnswer, stem), an area has a `node`, may choose by place or letter, and may hold back what
 * `flush` tells. To add an interaction, add its area here or its module below.
 */
const AREAS = { judgement: OptionsArea, choice: OptionsArea, multiple: OptionsArea, text_entry: WrittenArea };

/** Modules of `kinds` whose default export is the area, or puts figures at their marks; the service worker keeps them as it keeps the page. */
const MODULES = { order: "sequence", match: "groups", inline_choice: "groups", hotspot: "hotspot", case: "case", extended_text: "essay", figures: "figures" };

/** The area of an interaction of a form whose areas are there. */
export const areaOf = (interaction) => AREAS[interaction];

/** Makes the areas of a form ready, however often the network is away; `onTrouble` is told of each failure. */
export async function readyAreas(slots, onTrouble) {
  const missing = new Set(slots.flatMap(({ interaction, figures }) => [interaction, ...(figures ? ["figures"] : [])]).filter((name) => !AREAS[name]));
  if (missing.size > 0) addStyles();
  for (let again = 0; missing.size > 0; again += 1) {
    try {
      for (const name of missing) {
        // a browser may remember that an address failed
        AREAS[name] = (await import(`./kinds/${MODULES[name]}.js${again ? `?${again}` : ""}`)).default;
        missing.delete(name);
      }
    } catch {
      onTrouble();
      await sleep(jitter(RETRY_MS));
    }
  }
}

function addStyles() {
  if (!document.getElementById("kinds")) document.head.append(h("link", { id: "kinds", rel: "stylesheet", href: new URL("kinds/kinds.css", import.meta.url).href }));
}

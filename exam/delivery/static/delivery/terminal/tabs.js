/** One page at a time: a second tab of the same browser stays read-only while the first one lives. */

import { sleep } from "./dom.js";

const NAME = "ankao-terminal";
const TRIES = 4;
const PAUSE_MS = 250;

function hold(options, onHeld) {
  return new Promise((resolve) => {
    navigator.locks.request(NAME, options, (lock) => {
      resolve(lock !== null);
      if (lock === null) return null;
      onHeld?.();
      return new Promise(() => {});
    });
  });
}

/** Takes the browser's only writing place; calls `onSecond` while another tab has it, and returns once it is ours. */
export async function beTheOnlyTab(onSecond) {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    if (await hold({ ifAvailable: true })) return;
    await sleep(PAUSE_MS);
  }
  onSecond();
  await hold({});
}

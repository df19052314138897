/** The two ways to the end of an attempt: the candidate hands in, or the time is up. */

import { jitter, sleep } from "./dom.js";
import { NO_LEASE } from "./session.js";

const SPREAD_MS = 2_000;
const FLUSH_MS = 6_000;
const NEARLY_MS = 2_000;
const RETRY_MS = 1_500;

/** After a failed call: regain the lease where that is the trouble, and wait a little. */
async function recover(session, error) {
  if (error.code === "attempt_finalised") await session.poll().catch(() => {});
  else if (NO_LEASE.has(error.code)) await session.acquire().catch(() => {});
  if (!session.isOver) await sleep(jitter(RETRY_MS));
}

/** Sends what is unsaved, then hands in; goes on until the server has both, or the state no longer allows it. */
export async function handIn(session) {
  session.lock("handing");
  while (!session.isOver && session.locked === "handing") {
    try {
      if (await session.saver.flush(FLUSH_MS)) await session.submit();
      else await session.poll();
    } catch (error) {
      await recover(session, error);
    }
    if (session.state === "paused") session.unlock();
  }
}

/** At zero: send, ask, and hand in only when the server agrees that the time is over; answers whether the exam goes on. */
export async function timeUp(session) {
  if (session.locked === null) session.lock("time");
  await session.saver.flush(FLUSH_MS);
  await sleep(SPREAD_MS * Math.random());
  while (!session.isOver && session.locked !== "elsewhere") {
    try {
      const { state, remaining_ms } = await session.poll();
      if (state === "paused" || remaining_ms > NEARLY_MS) return goOn(session);
      if (remaining_ms > 0) await sleep(remaining_ms + 100);
      else if (state === "in_progress") await session.submit("time_up");
    } catch (error) {
      await recover(session, error);
    }
  }
  return false;
}

function goOn(session) {
  if (session.locked === "time") session.unlock();
  session.saver.release();
  return true;
}

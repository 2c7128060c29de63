// Waiting for a decision that somebody makes on another device.

import { post } from "./api.js";
import { announce, fill } from "./dom.js";

const PACE = 2000; // ms between two questions
const WARNINGS = [30, 10]; // s left that are said aloud

function inWords(seconds) {
  if (seconds < 60) return `${seconds} s left`;
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s left`;
}

/** Count down in the `progress` and `data-text="left"` of `place`; ends with `signal`. */
export function countDown(place, seconds, signal) {
  const end = Date.now() + seconds * 1000;
  const bar = place.querySelector("progress");
  bar.max = seconds;
  let said = seconds;
  const tick = () => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    bar.value = left;
    fill(place, { left: inWords(left) });
    const due = WARNINGS.find((warning) => left <= warning && said > warning);
    if (due) announce(inWords(left));
    said = left;
    if (left === 0) clearInterval(timer);
  };
  const timer = setInterval(tick, 1000);
  signal.addEventListener("abort", () => clearInterval(timer));
  tick();
}

function pause(signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PACE);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Ask `name` until it is decided, time is up or `signal` ends it; returns the answer, or undefined if it was ended. */
export async function decision(name, body, seconds, signal) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    await pause(signal);
    if (signal.aborted) return undefined;
    try {
      const answer = await post(name, body);
      if (signal.aborted || answer.status !== "pending") return answer;
    } catch (error) {
      if (error.code !== "unreachable") throw error; // a moment without network decides nothing
    }
    if (Date.now() > end) return { status: "expired" };
  }
}

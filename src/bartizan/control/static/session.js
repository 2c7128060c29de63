// For the pages of applications behind the gateway:
//   <script type="module" src="/.bartizan/session.js"></script>
// Proves the key of this device before the session's proof grows too old, and shows nothing. It tells by events on
// `window`: `bartizan:approvals` (detail: how many wait), `bartizan:ended` (log in again), `bartizan:reauth`
// (prove anew who you are); the last two have the page to go to as their detail.

import { post } from "./api.js";
import { remedy } from "./steps.js";

const SHARE = 0.5; // of the time that a proof is good for, until the next one
const RETRY = 10_000; // ms after one that did not get through
const MOST = 3600_000; // ms; what is further away was written by another clock
const DUE = "bartizan-due"; // when the next proof is due, in ms, for all tabs: they share one session

let timer;

function due() {
  const wait = Number(localStorage.getItem(DUE)) - Date.now();
  return wait < MOST ? Math.max(0, wait) : 0;
}

function tell(name, detail) {
  dispatchEvent(new CustomEvent(`bartizan:${name}`, { detail }));
}

function plan(wait = due()) {
  clearTimeout(timer);
  timer = setTimeout(prove, wait);
}

function refused(error) {
  if (error.code === "reauth_required") return tell("reauth", remedy(error));
  if (error.status === 401 || error.status === 403) return tell("ended", remedy({ code: "login_required" }));
  return plan(error.retryAfter * 1000 || RETRY);
}

async function once() {
  if (due() > 0) return plan(); // another tab has just done it
  try {
    const { valid_for: seconds, approvals } = await post("session/prove");
    localStorage.setItem(DUE, Date.now() + seconds * 1000 * SHARE);
    plan();
    if (approvals !== undefined) tell("approvals", approvals);
  } catch (error) {
    localStorage.removeItem(DUE);
    refused(error);
  }
}

/** One tab proves at a time. */
function prove() {
  return navigator.locks.request("bartizan-prove", once);
}

addEventListener("storage", ({ key, newValue }) => key === DUE && newValue && plan());
// A browser slows down the timers of pages that nobody sees, and stops those of a machine that sleeps.
addEventListener("visibilitychange", () => document.hidden || plan());
new BroadcastChannel("bartizan").onmessage = ({ data }) => tell("approvals", data.approvals); // from the worker

plan();

// For the pages of applications behind the gateway:
//   <script type="module" src="/.bartizan/session.js"></script>
// Proves the key of this device before the session's proof grows too old, and shows nothing. It tells by events on
// `window`: `bartizan:approvals` (detail: how many wait), `bartizan:ended` (log in again), `bartizan:reauth`
// (prove anew who you are); the last two have the page to go to as their detail.

import { post } from "./api.js";
import { remedy } from "./steps.js";

const SHARE = 0.5; // of the time that a proof is good for, until the next one
const RETRY = 10; // s after one that did not get through
const SOON = 1; // s

const channel = new BroadcastChannel("bartizan");
let timer;
let due = 0;

function tell(name, detail) {
  dispatchEvent(new CustomEvent(`bartizan:${name}`, { detail }));
}

function plan(seconds) {
  clearTimeout(timer);
  due = Date.now() + seconds * 1000;
  timer = setTimeout(prove, seconds * 1000);
}

function refused(error) {
  if (error.code === "reauth_required") return tell("reauth", remedy(error));
  if (error.status === 401 || error.status === 403) return tell("ended", remedy({ code: "login_required" }));
  return plan(error.retryAfter || RETRY);
}

async function once() {
  if (Date.now() < due - 200) return; // another tab has just done it
  try {
    const { valid_for: seconds, approvals } = await post("session/prove");
    plan(Math.max(SOON, seconds * SHARE));
    channel.postMessage({ seconds: seconds * SHARE });
    if (approvals !== undefined) tell("approvals", approvals);
  } catch (error) {
    refused(error);
  }
}

/** All tabs share one session, so one of them proves it at a time, and says so to the others. */
function prove() {
  return navigator.locks.request("bartizan-prove", once);
}

channel.onmessage = ({ data }) => {
  if (data.seconds) plan(data.seconds);
  if (data.approvals) tell("approvals", data.approvals);
};

// A browser slows down the timers of pages that nobody sees, and stops those of a machine that sleeps.
addEventListener("visibilitychange", () => {
  if (!document.hidden && Date.now() >= due) prove();
});

prove();

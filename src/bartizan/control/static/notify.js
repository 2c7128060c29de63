// Web Push for approvals: this browser tells when something waits, also while no page is open.

import { post } from "./api.js";
import { bytesOf } from "./device.js";

const WORKER = "/.bartizan/sw.js";
const SCOPE = "/.bartizan/";

export const supported = "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;

/** The worker's URL is the only one that a page of ours ever runs by name. */
function workerUrl() {
  const rule = { createScriptURL: (url) => (url === WORKER ? url : "") };
  return globalThis.trustedTypes ? trustedTypes.createPolicy("bartizan", rule).createScriptURL(WORKER) : WORKER;
}

let registration;

function registered() {
  registration ??= navigator.serviceWorker.register(workerUrl(), { scope: SCOPE });
  return registration;
}

/** Subscribe this browser with the server's public key (VAPID, RFC 8292); raises an `Error` that says why not. */
export async function subscribe(key) {
  if ((await Notification.requestPermission()) !== "granted") {
    throw new Error("This browser does not allow notifications from this site. Allow them in its settings, then try again.");
  }
  const worker = await registered();
  let subscription;
  try {
    subscription = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(key) });
  } catch (cause) {
    throw new Error("This browser's push service cannot be reached. Requests are shown on the approvals page all the same.", { cause });
  }
  await post("push/subscribe", { subscription: subscription.toJSON() });
}

/** Take the subscription back, here and at the server. */
export async function unsubscribe() {
  const worker = await navigator.serviceWorker.getRegistration(SCOPE);
  await (await worker?.pushManager.getSubscription())?.unsubscribe();
  await post("push/unsubscribe");
}

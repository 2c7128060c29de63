// Logging in: name and password, or a passkey that is chosen from what the browser offers.

import { post } from "./api.js";
import { $, begin, fail, onClick, onSubmit } from "./dom.js";
import { follow } from "./steps.js";
import { canAutofill, get, supported } from "./webauthn.js";

const form = $("#login");
const passkey = $("#passkey");
const { next } = form.dataset;

let offer = new AbortController();

async function useCredential(credential) {
  await follow(await post("login/passkey", { credential, next }));
}

/** Offer passkeys in the browser's list of names. It waits as long as the page is there, so its options grow old. */
async function offerPasskeys() {
  if (!(await canAutofill())) return;
  offer = new AbortController();
  let credential;
  try {
    const { publicKey } = await post("login/passkey/options");
    credential = await get(publicKey, { mediation: "conditional", signal: offer.signal });
  } catch {
    return; // it was an offer; the button below says what is wrong
  }
  await useCredential(credential).catch((error) => {
    fail(error, form);
    return offerPasskeys();
  });
}

async function askForPasskey() {
  offer.abort();
  try {
    const { publicKey } = await post("login/passkey/options");
    await useCredential(await get(publicKey));
  } finally {
    offerPasskeys();
  }
}

begin(async () => {
  onSubmit(form, async ({ name, password }) => follow(await post("login", { name, password, next })));
  passkey.hidden = !supported;
  onClick($("button", passkey), askForPasskey, form);
  offerPasskeys();
});

// Enrolment: an invitation becomes a person with a password, factors, recovery codes and a first trusted device.

import { post } from "./api.js";
import { $, $$, announce, begin, fill, onClick, onSubmit, show } from "./dom.js";
import { publicJwk } from "./device.js";
import { deviceName } from "./names.js";
import { explainPolicy } from "./policy.js";
import { keepCodes } from "./codes.js";
import { follow } from "./steps.js";
import { showSecret } from "./secret.js";
import { create, supported } from "./webauthn.js";

const STEPS = ["welcome", "password", "webauthn", "totp", "device", "codes"];
const done = new Set();

function enter(step) {
  const number = STEPS.indexOf(step);
  fill($("#progress"), { step: number + 1 });
  $("#progress progress").value = number + 1;
  show($(`#${step}`));
}

/** Go to the first step from this one on that is not done. */
async function goOn(from) {
  const step = STEPS.slice(STEPS.indexOf(from) + 1).find((name) => !done.has(name));
  if (step === "webauthn") {
    $("#no-passkeys").hidden = supported;
    $("#make-passkey").hidden = !supported;
  }
  if (step === "totp") {
    showSecret($("#totp"), await post("enrol/totp/begin"));
    $("#skip-totp").hidden = !done.has("webauthn"); // a login takes one of them
  }
  enter(step);
}

async function start() {
  const token = location.hash.slice(1);
  const facts = await post("enrol/start", token ? { token } : {});
  history.replaceState(null, "", location.pathname); // it has served; nobody needs to find it in the history
  await publicJwk();
  for (const name of facts.done ?? []) done.add(name);
  fill(document, { display_name: facts.display_name, name: facts.name });
  for (const field of $$("[data-name]")) field.value = facts.name;
  explainPolicy($("#policy"), facts.policy ?? {}, $("#new"));
  $("#device-label").value = deviceName();
  $("#passkey-label").value = deviceName();
  $("#progress").hidden = false;
  enter("welcome");
}

begin(async () => {
  onClick($("#begin"), () => goOn("welcome"));
  onSubmit($("#password form"), async (values) => {
    await post("enrol/password", { password: values.new });
    done.add("password");
    await goOn("password");
  });
  onSubmit($("#make-passkey"), async ({ label }) => {
    const { publicKey } = await post("enrol/webauthn/options");
    await post("enrol/webauthn", { credential: await create(publicKey), label });
    done.add("webauthn");
    announce("The passkey is saved.");
    await goOn("webauthn");
  });
  onClick($("#skip-passkey"), () => goOn("webauthn"));
  onSubmit($("#totp form"), async ({ code }) => {
    await post("enrol/totp", { code: code.replaceAll(/\s/g, "") });
    done.add("totp");
    announce("The authenticator app works.");
    await goOn("totp");
  });
  onClick($("#skip-totp"), () => goOn("totp"));
  onSubmit($("#device form"), async ({ device_label }) => {
    const answer = await post("enrol/finish", { device_label });
    enter("codes");
    // Without this a browser that is short of space may forget the key of the device.
    navigator.storage?.persist?.().catch(() => {});
    await keepCodes($("#codes"), answer.recovery_codes);
    await follow(answer);
  });
  await start();
});

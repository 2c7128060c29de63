// Choosing and proving factors: for a login, and for a step-up of somebody who is logged in.

import { post } from "./api.js";
import { $, $$, announce, clear, fail, fill, onClick, onSubmit, show } from "./dom.js";
import { countDown, decision } from "./wait.js";
import { get, supported } from "./webauthn.js";

const NAMES = {
  webauthn: "passkey",
  totp: "code",
  push: "approval",
  recovery: "recovery code",
  password: "password",
};
const OUTCOMES = {
  denied: "It was refused on your other device. If you did not do that, tell your administrator.",
  expired: "Nobody answered in time. Ask again, or choose another way.",
};

function digits(code) {
  return code.replaceAll(/\s/g, "");
}

/** Ask for factors, the `facts` of the API at first, until no more are needed; `finish` gets the last answer. */
export function askForFactors(facts, finish) {
  const panels = new Map($$("[data-panel]").map((panel) => [panel.dataset.panel, panel]));
  const choose = $("#choose");
  let open = new AbortController();
  let usable = [];
  let asked = false; // devices are asked once without a click on the button: requests are counted

  function close() {
    open.abort();
    open = new AbortController();
    clear();
  }

  function present(next) {
    facts = next;
    close();
    usable = facts.available.filter((name) => name !== "webauthn" || supported);
    if (facts.recovery && !usable.includes("recovery")) usable.push("recovery");
    for (const choice of $$("[data-factor]", choose)) choice.hidden = !usable.includes(choice.dataset.factor);
    $("#nothing").hidden = usable.length > 0;
    $("#two").hidden = !(facts.needed > 1);
    for (const back of $$("[data-back]")) back.hidden = usable.length < 2;
    fill(choose, { why: facts.why });
    for (const field of $$("[data-name]")) field.value = facts.name ?? "";
    if (usable.length === 1) enter(usable[0]);
    else show(choose, { focus: facts.proven?.length > 0 });
  }

  async function proven(answer, name) {
    if (answer.step !== "factor") return finish(answer);
    announce(`Your ${NAMES[name]} is right. One more proof is needed.`);
    present(await post("factors"));
  }

  async function usePasskey() {
    const { publicKey } = await post("factors/webauthn/options");
    await proven(await post("factors/webauthn", { credential: await get(publicKey, { signal: open.signal }) }), "webauthn");
  }

  async function askDevice() {
    asked = true;
    const { signal } = open;
    const panel = panels.get("push");
    const waiting = $("#push-waiting");
    try {
      const { number, expires_in: seconds } = await post("factors/push");
      if (signal.aborted) return;
      fill(panel, { number });
      waiting.hidden = false;
      $("#push-ask").hidden = true;
      announce(`The number is ${number}.`);
      countDown(panel, seconds, signal);
      const answer = await decision("factors/push/status", {}, seconds, signal);
      if (!answer || signal.aborted) return;
      if (answer.status === "approved") return await proven(answer, "push");
      throw new Error(OUTCOMES[answer.status] ?? OUTCOMES.expired);
    } finally {
      waiting.hidden = true;
      $("#push-ask").hidden = false;
    }
  }

  function enter(name, { byHand = false } = {}) {
    close();
    const panel = panels.get(name);
    show(panel);
    $("input:not([hidden])", panel)?.focus();
    // A click is what browsers want before they ask for a passkey, so without one there is a button.
    if (byHand && name === "webauthn") usePasskey().catch((error) => open.signal.aborted || fail(error, $("#passkey-ask")));
    if (byHand && name === "push" && !asked) $("#push-ask button").click();
  }

  for (const choice of $$("[data-factor]", choose)) {
    $("button", choice).addEventListener("click", () => enter(choice.dataset.factor, { byHand: true }));
  }
  for (const back of $$("[data-back]")) {
    back.addEventListener("click", () => {
      close();
      show(choose);
    });
  }
  onClick($("#passkey-ask button"), usePasskey);
  onClick($("#push-ask button"), askDevice, $("#push-problem"));
  for (const name of ["totp", "recovery", "password"]) {
    const panel = panels.get(name);
    if (!panel) continue;
    onSubmit($("form", panel), async ({ code, password }) => {
      const answer = await post(`factors/${name}`, name === "password" ? { password } : { code: digits(code) });
      $("form", panel).reset();
      await proven(answer, name);
    });
  }
  present(facts);
}

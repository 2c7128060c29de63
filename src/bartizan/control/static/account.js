// My devices, sessions and ways to log in.

import { post } from "./api.js";
import { keepCodes } from "./codes.js";
import { $, announce, begin, copyOf, fill, onClick, onSubmit, show } from "./dom.js";
import { deviceName, ago, when } from "./names.js";
import * as notify from "./notify.js";
import { showSecret } from "./secret.js";
import { create, supported } from "./webauthn.js";

const KINDS = { password: "Password", totp: "Authenticator app", webauthn: "Passkey", recovery: "Recovery codes" };
const STATES = { trusted: "trusted", quarantined: "locked by an administrator", revoked: "no longer trusted" };

/** Ask in a dialog; settles with whether the answer was yes. */
function confirmed(question, { consequence, yes }) {
  const dialog = $("#confirm");
  fill(dialog, { question, consequence, yes });
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

async function change(name, body, words) {
  await post(name, body);
  await load();
  announce(words);
}

function deviceItem(device) {
  const item = copyOf("device");
  const facts = [device.browser, device.platform].filter(Boolean).join(" on ");
  fill(item, {
    label: device.label,
    facts: device.browser_version ? facts.replace(device.browser, `${device.browser} ${device.browser_version}`) : facts,
    state: STATES[device.status] ?? device.status,
    enrolled: when(device.enrolled),
    seen: device.current ? "now" : ago(device.last_seen),
    address: device.last_address,
  });
  item.dataset.state = device.status;
  $("[data-from]", item).hidden = !device.last_address;
  $("[data-current]", item).hidden = !device.current;
  const rename = $("form", item);
  const field = $("input", rename);
  field.value = device.label;
  field.id = `label-${device.id}`;
  $("label", rename).htmlFor = field.id;
  onSubmit(rename, ({ label }) => change("account/rename-device", { id: device.id, label }, "The device has its new name."));
  const revoke = $("[data-revoke]", item);
  revoke.hidden = device.status === "revoked";
  revoke.setAttribute("aria-label", `Remove ${device.label}`);
  onClick(revoke, async () => {
    const consequence = device.current
      ? "This is the device you are using. You will be logged out, and another trusted device has to confirm it again."
      : "It is logged out at once and can log in again only if one of your trusted devices confirms it.";
    if (!(await confirmed(`Remove “${device.label}”?`, { consequence, yes: "Remove device" }))) return;
    await change("account/revoke-device", { id: device.id }, "The device is removed.");
  }, item);
  return item;
}

function sessionItem(session) {
  const item = copyOf("session");
  fill(item, {
    device: session.device,
    client: session.client,
    address: session.address,
    started: when(session.started),
    seen: session.current ? "now" : ago(session.seen),
    aal: session.aal,
    factors: (session.factors ?? []).map((name) => (KINDS[name] ?? name).toLowerCase()).join(", "),
  });
  $("[data-current]", item).hidden = !session.current;
  const end = $("[data-end]", item);
  end.hidden = session.current; // this one ends with “Log out”
  end.setAttribute("aria-label", `End the session on ${session.device}, begun ${when(session.started)}`);
  onClick(end, () => change("account/revoke-session", { id: session.id }, "The session is ended."), item);
  return item;
}

function credentialItem(credential) {
  const item = copyOf("credential");
  fill(item, {
    kind: KINDS[credential.kind] ?? credential.kind,
    label: credential.label,
    created: when(credential.created),
    used: ago(credential.last_used),
  });
  $("[data-label]", item).hidden = !credential.label;
  $("[data-synced]", item).hidden = !credential.backed_up;
  const remove = $("[data-remove]", item);
  remove.hidden = !["totp", "webauthn"].includes(credential.kind);
  const name = `${KINDS[credential.kind]} ${credential.label ?? ""}`.trim();
  remove.setAttribute("aria-label", `Remove ${name}`);
  onClick(remove, async () => {
    const consequence = "You can no longer log in with it. What you have left has to be enough for a login.";
    if (!(await confirmed(`Remove ${name}?`, { consequence, yes: "Remove" }))) return;
    await change("account/remove-credential", { id: credential.id }, "It is removed.");
  }, item);
  return item;
}

function list(id, items, itemOf) {
  $(id).replaceChildren(...(items ?? []).map(itemOf));
}

let pushKey = null;

async function load() {
  const account = await post("account");
  // The box for problems goes back to where lists that are made anew cannot take it away.
  $("main").prepend($("#problem"));
  fill(document, { name: account.name, display_name: account.display_name, recovery_left: account.recovery_left });
  list("#devices", account.devices, deviceItem);
  list("#sessions", account.sessions, sessionItem);
  list("#credentials", account.credentials?.filter(({ kind }) => kind !== "recovery"), credentialItem);
  $("#recovery-count").hidden = account.recovery_left === undefined;
  pushKey = account.push?.key ?? null;
  $("#push").hidden = !pushKey || !notify.supported;
  $("#push-on").hidden = !account.push?.on;
  $("#push-off").hidden = Boolean(account.push?.on);
  if ($(".opening:not([hidden])")) show($("#account"), { focus: false });
}

async function addTotp() {
  showSecret($("#add-totp"), await post("account/totp/begin"));
  show($("#add-totp"));
}

async function backToOverview(words) {
  await load();
  show($("#account"));
  announce(words);
}

begin(async () => {
  $("#new-passkey").hidden = !supported;
  $("#passkey-label").value = deviceName();
  onSubmit($("#new-passkey"), async ({ label }) => {
    const { publicKey } = await post("account/webauthn/options");
    await change("account/webauthn", { credential: await create(publicKey), label }, "The passkey is saved.");
  });
  onClick($("#new-totp"), addTotp);
  onSubmit($("#add-totp form"), async ({ code }) => {
    await post("account/totp", { code: code.replaceAll(/\s/g, "") });
    await backToOverview("The authenticator app works.");
  });
  onClick($("#add-totp [data-cancel]"), () => show($("#account")));
  onClick($("#new-codes"), async () => {
    const consequence = "The codes you have now stop working.";
    if (!(await confirmed("Make new recovery codes?", { consequence, yes: "Make new codes" }))) return;
    const { recovery_codes: codes } = await post("account/recovery-codes");
    show($("#codes"));
    keepCodes($("#codes"), codes).then(() => backToOverview("New recovery codes are in force."));
  });
  onClick($("#push-off button"), () => notify.subscribe(pushKey).then(load));
  onClick($("#push-on button"), () => notify.unsubscribe().then(load));
  await load();
});

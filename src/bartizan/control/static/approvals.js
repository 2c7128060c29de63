// The inbox of what waits for somebody's decision: logins and new devices. Cards that are there stay as they are, so
// that a look at the server disturbs neither focus nor what is being typed.

import { post } from "./api.js";
import { $, $$, announce, begin, clear, copyOf, fail, fill, onSubmit } from "./dom.js";
import { ago, when } from "./names.js";
import { leave, leads } from "./steps.js";
import { get } from "./webauthn.js";

const PACE = 4000; // ms
const TITLE = document.title;
const OUTCOMES = {
  approve: "Approved. The other device goes on by itself.",
  deny: "Refused. Nothing was let in.",
  cancel: "Stopped. Nobody can come in that way any more.",
  not_me: "Stopped. Nothing was let in, and we have noted it as an attack.",
};

const list = $("#approvals");
const cards = new Map();

function details(card, { context, created, not_before: effect }) {
  const { address, place, client } = context;
  const time = [...new Set([when(created), ago(created)])].join(", "); // long ago they are the same
  const facts = { address, place, client, effect: effect && when(effect), time };
  fill(card, facts);
  for (const row of $$("[data-row]", card)) row.hidden = !facts[row.dataset.row];
}

function settle(card, decision, answer) {
  const outcome = copyOf("outcome");
  fill(outcome, { outcome: OUTCOMES[decision] });
  $("[data-change]", outcome).hidden = decision !== "not_me";
  clear(); // the box for problems may be in the card
  $("main").prepend($("#problem"));
  card.replaceChildren(outcome);
  card.dataset.settled = "true";
  card.tabIndex = -1;
  card.focus();
  announce(OUTCOMES[decision]);
  if (answer.step) leave(answer.to ?? `/.bartizan/${answer.step}`);
}

async function decide(card, { id, kind }, { decision, number }) {
  const body = { id, decision };
  if (decision === "approve") {
    body.number = number?.trim() ?? "";
    if (kind === "device") {
      const { publicKey } = await post("approvals/options", { id });
      body.credential = await get(publicKey);
    }
  }
  settle(card, decision, await post("approvals/decide", body));
}

function cardOf(approval) {
  const { id, kind } = approval;
  const whose = approval.mine === false ? `${kind}-other` : kind; // an administrator decides about others
  const card = copyOf(`approval-${$(`#approval-${whose}`) ? whose : "login"}`);
  fill(card, { name: approval.name });
  details(card, approval);
  const field = $("[name=number]", card);
  if (field) {
    const known = `number-${id}`;
    field.id = known;
    $("label", card).htmlFor = known;
  }
  const heading = $("h2", card);
  heading.id = `approval-${id}`;
  card.setAttribute("aria-labelledby", heading.id);
  onSubmit($("form", card), (values) => decide(card, approval, values));
  return card;
}

async function look({ first = false } = {}) {
  const { approvals, here } = await post("approvals");
  const present = new Set(approvals.map((approval) => approval.id));
  for (const [id, card] of cards) {
    if (present.has(id) || card.dataset.settled) continue;
    if (card.contains($("#problem"))) $("main").prepend($("#problem"));
    card.remove();
    cards.delete(id);
    announce("A request has ended; it was not answered in time, or was answered elsewhere.");
  }
  const fresh = approvals.filter((approval) => !cards.has(approval.id));
  for (const approval of fresh) {
    const card = cardOf(approval);
    cards.set(approval.id, card);
    list.prepend(card);
  }
  if (fresh.length && !first) announce(fresh.length === 1 ? "A new request is waiting." : "New requests are waiting.");
  if (here) fill($("#here"), { here: [here.address, here.place, here.client].filter(Boolean).join(", ") });
  $("#here").hidden = !here;
  $("#none").hidden = list.childElementCount > 0;
  document.title = present.size ? `(${present.size}) ${TITLE}` : TITLE;
}

begin(async () => {
  await look({ first: true });
  setInterval(() => {
    if (document.hidden) return;
    look().catch((error) => error.code === "unreachable" || leads(error) || fail(error));
  }, PACE);
  new BroadcastChannel("bartizan").onmessage = () => look().catch(() => {});
});

// What is asked of a password, shown while it is typed. The server decides; this only spares a round trip.

import { announce, copyOf } from "./dom.js";

const KINDS = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{L}\p{Nd}]/u];

function checksOf(policy) {
  const checks = [];
  const { minimum, classes } = policy;
  if (minimum) checks.push([`at least ${minimum} characters`, (text) => [...text].length >= minimum]);
  if (classes) {
    const kinds = (text) => KINDS.filter((kind) => kind.test(text)).length;
    checks.push([`${classes} of: small letters, capitals, digits, others`, (text) => kinds(text) >= classes]);
  }
  return checks;
}

/** Write a policy into a list, and keep what can be told here up to date as `field` changes. */
export function explainPolicy(list, policy, field) {
  const line = (text) => {
    const item = copyOf("rule");
    item.querySelector("[data-text]").textContent = text;
    list.append(item);
    return item;
  };
  list.replaceChildren();
  const checks = checksOf(policy).map(([text, holds]) => ({ item: line(text), holds, met: false }));
  for (const rule of policy.rules ?? []) line(rule);
  const check = () => {
    for (const each of checks) {
      const met = each.holds(field.value);
      if (met !== each.met) each.item.querySelector("[data-met]").textContent = met ? "met: " : "";
      each.item.classList.toggle("met", met);
      each.met = met;
    }
  };
  field.addEventListener("input", check);
  field.addEventListener("change", () => {
    const open = checks.filter((each) => !each.met);
    if (field.value && open.length) announce(`The password still needs ${open.length} more.`);
  });
  check();
}

// What pages do with their elements. Text is only ever set as text.

import { forget } from "./device.js";
import { leads, leave, local } from "./steps.js";
import { meaning } from "./webauthn.js";

const OVER = new Set(["login_expired", "wrong_step", "no_attempts_left"]); // what only a new login helps with

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Tell screen readers something; nothing is seen. */
export function announce(text) {
  $("#status").textContent = text;
}

/** Show one of the sections beside it and move the focus to its heading. */
export function show(section, { focus = true } = {}) {
  for (const other of section.parentElement.children) {
    if (other.matches("section")) other.hidden = other !== section;
  }
  const heading = $("h1, h2", section);
  if (!focus || !heading) return;
  heading.tabIndex = -1;
  heading.focus();
}

/** Fill the elements that have a `data-text` of this name. */
export function fill(root, values) {
  for (const element of $$("[data-text]", root)) {
    const value = values[element.dataset.text];
    if (value !== undefined && value !== null) element.textContent = value;
  }
}

/** A copy of a template's one element. */
export function copyOf(id) {
  return document.importNode($(`template#${id}`).content, true).firstElementChild;
}

function words(error) {
  return meaning(error) ?? error.message ?? "Something went wrong. Try again.";
}

/** Take back what `fail` showed. */
export function clear() {
  $("#problem").hidden = true;
  for (const field of $$("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

/** Say what went wrong, at the head of `place`, or go where the error leads. */
export function fail(error, place = $("main")) {
  if (leads(error)) return;
  const box = $("#problem");
  const heading = $$("h1, h2", place).find((each) => each.offsetParent);
  if (heading) heading.after(box);
  else place.prepend(box);
  $("p", box).textContent = words(error);
  const reasons = error.reasons?.length > 1 ? error.reasons : [];
  $("ul", box).replaceChildren(
    ...reasons.map((reason) => Object.assign(document.createElement("li"), { textContent: reason })),
  );
  if (reasons.length) $("p", box).textContent = "This does not work yet:";
  $("[data-anew]", box).hidden = !OVER.has(error.code);
  $("[data-forget]", box).hidden = error.code !== "device_not_trusted";
  const onward = $("[data-onward]", box);
  onward.hidden = !error.problem?.to;
  if (!onward.hidden) onward.href = local(error.problem.to);
  const known = error.reference && (error.status === 403 || error.status >= 500); // what others have to look into
  $(".reference", box).hidden = !known;
  $("code", box).textContent = known ? error.reference : "";
  box.hidden = false;
  const field = [401, 422].includes(error.status) ? $("[data-checked]", place) : null;
  if (!field) return box.focus();
  field.setAttribute("aria-invalid", "true");
  field.focus();
  field.select();
}

async function run(place, buttons, act) {
  if (place.ariaBusy === "true") return;
  clear();
  place.ariaBusy = "true";
  for (const button of buttons) button.disabled = true;
  try {
    await act();
  } catch (error) {
    for (const button of buttons) button.disabled = false;
    fail(error, place);
  } finally {
    place.ariaBusy = "false";
    for (const button of buttons) button.disabled = false;
  }
}

/** Have a form call `act` with its values instead of being sent; what it raises is shown in the form. */
export function onSubmit(form, act) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(form));
    const pressed = event.submitter?.name ? { [event.submitter.name]: event.submitter.value } : {};
    run(form, $$("button", form), () => act({ ...values, ...pressed }));
  });
}

/** Have a button call `act`; what it raises is shown in `place`. */
export function onClick(button, act, place = button.parentElement) {
  button.addEventListener("click", () => run(place, [button], act));
}

/** Make the buttons that show and hide a password work. */
export function peepholes(root = document) {
  for (const button of $$("[data-peep]", root)) {
    const field = document.getElementById(button.dataset.peep);
    button.addEventListener("click", () => {
      const visible = field.type === "password";
      field.type = visible ? "text" : "password";
      button.setAttribute("aria-pressed", String(visible));
    });
  }
}

/** Run `act` when the page is there; what it raises is shown at the head of the page. */
export function begin(act) {
  // A page that the browser kept has a nonce that was used and a state that is gone.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  peepholes();
  $("[data-forget]").addEventListener("click", () => forget().then(() => leave("/.bartizan/login")));
  run($("main"), [], act);
}

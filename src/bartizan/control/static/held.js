// A request that was held while somebody proved who they are: rebuilt as a form and sent by the browser itself.

import { ApiError, post } from "./api.js";
import { bytesOf } from "./device.js";
import { local } from "./steps.js";

const GONE = {
  code: "held_gone",
  detail:
    "You are known again, but what you sent could not be kept. Go back to where you came from and send it once more.",
};

function field(name, value) {
  const input = document.createElement("input");
  if (typeof value === "string") {
    // In a field of one line the browser would take line breaks out of some types; a hidden one keeps all.
    Object.assign(input, { type: "hidden", name, value });
    return input;
  }
  Object.assign(input, { type: "file", name, hidden: true });
  if (value.name || value.size) {
    const files = new DataTransfer();
    files.items.add(value);
    input.files = files.files;
  }
  return input; // no file chosen is sent as it was: with neither name nor bytes
}

async function formOf({ action, content_type: type, body }) {
  const data = await new Response(bytesOf(body), { headers: { "Content-Type": type } }).formData();
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: local(action), hidden: true, acceptCharset: "utf-8" });
  form.enctype = type.startsWith("multipart/") ? "multipart/form-data" : "application/x-www-form-urlencoded";
  for (const [name, value] of data) form.append(field(name, value));
  return form;
}

/** Send the held request; raises `ApiError` with a `problem.to` to go on at when there is none or it is no form. */
export async function resume(to) {
  let form;
  try {
    form = await formOf(await post("held"));
  } catch {
    throw new ApiError(410, { ...GONE, to });
  }
  document.body.append(form);
  HTMLFormElement.prototype.submit.call(form); // a field may be called `submit`
  return new Promise(() => {});
}

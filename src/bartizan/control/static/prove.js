// A bounce: proves the key of this device for the session, then goes on to where somebody was going.

import { post } from "./api.js";
import { $, $$, begin, onClick } from "./dom.js";
import { follow } from "./steps.js";

const { next, held } = $("#prove").dataset;

async function prove() {
  try {
    await post("session/prove");
  } catch (error) {
    $("#working").hidden = true;
    for (const element of $$("[data-failed]")) element.hidden = false;
    throw error;
  }
  await follow({ step: "done", to: next }, Boolean(held));
}

begin(async () => {
  onClick($("#again"), prove, $("#prove"));
  await prove();
});

// Logging out, here or everywhere.

import { post } from "./api.js";
import { $, begin, onClick } from "./dom.js";
import { leave } from "./steps.js";

async function end(name) {
  try {
    await post(name);
  } catch (error) {
    if (error.code !== "login_required") throw error; // then it is ended already
  }
  await leave("/.bartizan/logged-out");
}

begin(async () => {
  onClick($("#here"), () => end("logout"), $("#logout"));
  onClick($("#everywhere"), () => end("logout-everywhere"), $("#logout"));
});

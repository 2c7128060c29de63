// A new device waits for one that is trusted to confirm it.

import { post } from "./api.js";
import { $, announce, begin, fill, onClick, show } from "./dom.js";
import { follow } from "./steps.js";
import { countDown, decision } from "./wait.js";

async function ask() {
  const open = new AbortController();
  const { number, expires_in: seconds } = await post("device");
  const place = $("#waiting");
  fill(place, { number });
  show(place);
  announce(`The number is ${number}.`);
  countDown(place, seconds, open.signal);
  try {
    const answer = await decision("device/status", {}, seconds, open.signal);
    if (answer.status === "approved") return await follow(answer);
    show($("#expired"));
  } catch (error) {
    show($("#expired"));
    throw error;
  } finally {
    open.abort();
  }
}

begin(async () => {
  onClick($("#again"), ask);
  await ask();
});

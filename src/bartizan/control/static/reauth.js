// Step-up: somebody who is logged in proves anew who they are, and goes on with what they were doing.

import { post } from "./api.js";
import { $, begin } from "./dom.js";
import { askForFactors } from "./factors.js";
import { follow } from "./steps.js";

const { next, held, factor, maxAge } = $("#factors").dataset;

begin(async () => {
  const request = { next };
  if (held) request.held = true;
  if (factor) request.factor = factor;
  if (maxAge) request.max_age = Number(maxAge);
  const facts = await post("reauth/begin", request);
  if (facts.step) return follow(facts, Boolean(held)); // it was proven meanwhile, in another tab
  askForFactors(facts, (answer) => follow(answer, Boolean(held)));
});

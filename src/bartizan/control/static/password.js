// Changing a password: because somebody wants to, or because a login asks for it.

import { post } from "./api.js";
import { $, begin, onSubmit, show } from "./dom.js";
import { explainPolicy } from "./policy.js";
import { follow } from "./steps.js";

const form = $("#change");

begin(async () => {
  const { policy, current, why } = await post("password/policy");
  const field = $("#current-field");
  field.hidden = !current;
  $("input", field).required = current;
  for (const reason of document.querySelectorAll("[data-why]")) reason.hidden = reason.dataset.why !== (why || "own");
  explainPolicy($("#policy"), policy, $("#new"));
  show($("#ready"), { focus: false });
  onSubmit(form, async (values) => {
    const change = { new: values.new };
    if (current) change.current = values.current;
    const answer = await post("password", change);
    form.reset();
    if (answer.step && answer.step !== "done") return follow(answer);
    if (!current && answer.step) return follow(answer); // the login goes on
    show($("#changed"));
  });
});

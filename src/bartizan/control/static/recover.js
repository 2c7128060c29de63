// Every trusted device is lost: a recovery code begins the way back.

import { post } from "./api.js";
import { $, begin, fill, onSubmit, show } from "./dom.js";
import { span } from "./names.js";

begin(async () => {
  onSubmit($("#recover form"), async ({ name, password, code }) => {
    const { wait } = await post("recover", { name, password, code: code.trim() });
    if (wait !== undefined) fill($("#asked"), { wait: span(wait) });
    show($("#asked"));
  });
});

// The second factor of a login.

import { post } from "./api.js";
import { begin } from "./dom.js";
import { askForFactors } from "./factors.js";
import { follow } from "./steps.js";

begin(async () => askForFactors(await post("factors"), follow));

// The secret of an authenticator app, as a picture to scan and as text to type.

import { $, fill } from "./dom.js";

/** Show what `totp/begin` answered in `place`. */
export function showSecret(place, { secret, svg, uri }) {
  $("img", place).src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  fill(place, { secret: secret.replaceAll(/(.{4})(?=.)/g, "$1 ") });
  $("[data-uri]", place).href = uri;
}

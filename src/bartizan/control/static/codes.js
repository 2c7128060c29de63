// Recovery codes: shown once, so whoever sees them is asked to keep them.

import { $, announce } from "./dom.js";

/** Show codes in `place`; settles when somebody said that they are kept. */
export function keepCodes(place, codes) {
  const list = $("ol", place);
  list.replaceChildren(
    ...codes.map((code) => {
      const item = document.createElement("li");
      item.append(Object.assign(document.createElement("code"), { textContent: code }));
      return item;
    }),
  );
  const kept = $("input[type=checkbox]", place);
  const onward = $("[data-kept]", place);
  kept.checked = false;
  onward.disabled = true;
  $("[data-print]", place).onclick = () => print();
  $("[data-copy]", place).onclick = async () => {
    await navigator.clipboard.writeText(codes.join("\n"));
    announce("The codes are copied.");
    $("[data-copied]", place).hidden = false;
  };
  kept.onchange = () => (onward.disabled = !kept.checked);
  return new Promise((resolve) => (onward.onclick = () => {
    list.replaceChildren();
    resolve();
  }));
}

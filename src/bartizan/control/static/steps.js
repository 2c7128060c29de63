// Where somebody goes next, after an answer or an error of the API.

const ROOT = "/.bartizan/";
const STEPS = new Set(["factor", "device", "password"]);

/** A URL of this origin for what the server said; anything else becomes the start page. */
export function local(path) {
  try {
    const url = new URL(path, location.origin);
    if (url.origin === location.origin) return url.href;
  } catch {
    // it is no URL
  }
  return `${location.origin}/`;
}

/** Leave the page. It never settles, so that nothing is enabled again while the browser is on its way. */
export function leave(path) {
  location.replace(local(path));
  return new Promise(() => {});
}

/** This page, as another page's `next`. */
function here() {
  return encodeURIComponent(location.pathname + location.search);
}

/** Go where the answer's `step` leads; `held` tells that a request waits to be sent once somebody is known. */
export async function follow(answer, held = false) {
  if (STEPS.has(answer.step)) return leave(ROOT + answer.step);
  if (answer.held || held) {
    const { resume } = await import("./held.js");
    return resume(answer.to);
  }
  return leave(answer.to ?? "/");
}

/** Go where an error leads, if it leads away from this page; returns whether it does. */
export function leads(error) {
  if (error.code === "login_required") leave(`${ROOT}login?next=${here()}`);
  else if (error.code === "reauth_required") leave(`${ROOT}reauth?next=${here()}`);
  else return false;
  return true;
}

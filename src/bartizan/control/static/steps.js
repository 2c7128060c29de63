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

/** Go where the answer's `step` leads; `held` tells that a request waits to be sent once somebody is known. */
export async function follow(answer, held = false) {
  if (STEPS.has(answer.step)) return leave(ROOT + answer.step);
  if (answer.held || held) {
    const { resume } = await import("./held.js");
    return resume(answer.to);
  }
  return leave(answer.to ?? "/");
}

/** The page that does away with an error and comes back here; undefined if there is none. */
export function remedy({ code, problem = {} }) {
  const query = new URLSearchParams({ next: location.pathname + location.search });
  if (code === "login_required") return `${ROOT}login?${query}`;
  if (code !== "reauth_required") return undefined;
  if (problem.factor) query.set("factor", problem.factor);
  if (problem.max_age) query.set("max_age", problem.max_age);
  return `${ROOT}reauth?${query}`;
}

/** Go where an error leads, if it leads away from this page; returns whether it does. */
export function leads(error) {
  const page = remedy(error);
  if (page) leave(page);
  return Boolean(page);
}

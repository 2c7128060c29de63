// The JSON API of the gateway: each call is a POST with a proof of the device's key and a nonce that is used once.

import { proof } from "./device.js";

const BASE = "/.bartizan/api/";
const PATIENCE = 20_000; // ms

let nonce = document.querySelector('meta[name="bartizan-nonce"]')?.content ?? "";

/** What the server refused, or that it did not answer. `code` is stable; `message` and `reasons` are for people. */
export class ApiError extends Error {
  constructor(status, problem, retryAfter = 0) {
    super(problem.detail || problem.title || "Something went wrong. Try again.");
    this.name = "ApiError";
    this.status = status;
    this.code = problem.code ?? "";
    this.reasons = problem.reasons ?? [];
    this.reference = (problem.instance ?? "").replace(/^urn:.*:/, "");
    this.retryAfter = retryAfter; // s
    this.problem = problem;
  }
}

const UNREACHABLE = {
  code: "unreachable",
  detail: "The server could not be reached. Check your connection, then try again.",
};

async function send(name, body) {
  const url = location.origin + BASE + name;
  const spent = nonce;
  nonce = ""; // it is good for one call, also when two are under way
  const headers = {
    Accept: "application/json, application/problem+json",
    "Content-Type": "application/json",
    DPoP: await proof("POST", url, spent),
  };
  const options = { method: "POST", headers, body: JSON.stringify(body), cache: "no-store", redirect: "error" };
  try {
    const response = await fetch(url, { ...options, signal: AbortSignal.timeout(PATIENCE) });
    nonce = response.headers.get("DPoP-Nonce") ?? nonce;
    const data = await response.json().catch(() => ({}));
    return { response, data };
  } catch {
    throw new ApiError(0, UNREACHABLE);
  }
}

/** Load the page of ours anew: it comes as a challenge, which is solved there and leads back. Never returns. */
function challenged() {
  location.reload();
  return new Promise(() => {});
}

/** Call the API; returns what it answers, raises `ApiError`. */
export async function post(name, body = {}) {
  let { response, data } = await send(name, body);
  if (!response.ok && data.code === "use_dpop_nonce") ({ response, data } = await send(name, body));
  if (response.ok) return data;
  if (data.code === "challenge_required" && location.pathname.startsWith("/.bartizan/")) return challenged();
  throw new ApiError(response.status, data, Number(response.headers.get("Retry-After")) || 0);
}

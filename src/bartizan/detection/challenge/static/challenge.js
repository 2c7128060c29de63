// Solves a challenge: the page shares the work among workers, which run this same file.
// SHA-256 is written out: WebCrypto answers each hash later, which takes three to five times as long for one block.
(() => {
  "use strict";

  const BATCH = 20000; // hashes between two reports
  const MOST_WORKERS = 4;
  const JUST_NOW = 30000; // ms in which a pass cannot have run out
  const MARK = "bartizan-challenge";

  const fraction = (number) => ((number - Math.floor(number)) * 2 ** 32) | 0;
  const primes = [];
  for (let number = 2; primes.length < 64; number += 1) {
    if (primes.every((prime) => number % prime)) primes.push(number);
  }
  const K = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));
  const START = Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
  const W = new Int32Array(64);

  /** Return the first 32 bits of the SHA-256 (FIPS 180-4) of the one block in the first 16 words of `W`. */
  function firstWord() {
    for (let i = 16; i < 64; i += 1) {
      const x = W[i - 15];
      const y = W[i - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      W[i] = (W[i - 16] + s0 + W[i - 7] + s1) | 0;
    }
    let [a, b, c, d, e, f, g, h] = START;
    for (let i = 0; i < 64; i += 1) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    return (a + START[0]) | 0;
  }

  /** Put a text of at most 55 ASCII characters into `W` as one padded block. */
  function fill(text) {
    W.fill(0, 0, 16);
    for (let i = 0; i < text.length; i += 1) W[i >> 2] |= text.charCodeAt(i) << (24 - 8 * (i & 3));
    W[text.length >> 2] |= 0x80 << (24 - 8 * (text.length & 3));
    W[15] = text.length * 8;
  }

  /** Try `first`, `first + step` …: a worker's share of all counters. */
  function work({ salt, bits, first, step }) {
    for (let counter = first, tried = 0; ; counter += step) {
      fill(salt + counter);
      if (firstWord() >>> (32 - bits) === 0) {
        postMessage({ counter });
        return;
      }
      tried += 1;
      if (tried % BATCH === 0) postMessage({ tried: BATCH });
    }
  }

  if (typeof document === "undefined") {
    onmessage = (message) => work(message.data);
    return;
  }

  const source = document.currentScript.src;
  const find = (id) => document.getElementById(id);
  const { token, salt, bits, sent, kept, answers, field } = find("challenge").dataset;

  /** Return the counter that solves it; the bar shows how likely it was to be found by now. */
  function solve() {
    const count = Math.min(navigator.hardwareConcurrency || 1, MOST_WORKERS);
    const workers = Array.from({ length: count }, () => new Worker(source));
    let tried = 0;
    return new Promise((resolve, reject) => {
      workers.forEach((worker, first) => {
        worker.onerror = () => reject(new Error("The work could not be done here."));
        worker.onmessage = ({ data }) => {
          if (data.counter !== undefined) resolve(data.counter);
          tried += data.tried || 0;
          find("progress").value = 1 - Math.exp(-tried / 2 ** bits);
        };
        worker.postMessage({ salt, bits: Number(bits), first, step: count });
      });
    }).finally(() => workers.forEach((worker) => worker.terminate()));
  }

  async function answer(counter) {
    let response;
    try {
      response = await fetch(answers, { method: "POST", headers: { [field]: `${token}.${counter}` } });
    } catch {
      throw new Error("This site could not be reached.");
    }
    if (!response.ok) throw new Error("The answer was not taken: the work may have lasted too long.");
  }

  /** Tell whether a challenge was solved here a moment ago and its pass did not come back. */
  function losesCookies() {
    try {
      return !kept && Date.now() - Number(sessionStorage.getItem(MARK)) < JUST_NOW;
    } catch {
      return false;
    }
  }

  function remember(when) {
    try {
      sessionStorage.setItem(MARK, String(when));
    } catch {
      // a browser that keeps nothing at all: it is told after the next time, or the person is
    }
  }

  function show(id, text) {
    for (const other of ["off", "work", "again", "failed"]) find(other).hidden = other !== id;
    find("status").textContent = text;
  }

  function fail(reason) {
    find("reason").textContent = reason;
    show("failed", reason);
  }

  async function run() {
    if (losesCookies()) {
      remember(0);
      fail("Your browser does not keep this site's cookies, so the work would be asked for again and again. Allow them, then try again.");
      return;
    }
    show("work", "Working");
    await answer(await solve());
    remember(Date.now());
    if (sent) show("again", "Done. What you sent has not arrived. Go back to the form and send it again.");
    else location.reload();
  }

  find("retry").addEventListener("click", () => location.reload());
  find("back").addEventListener("click", () => (history.length > 1 ? history.back() : location.reload()));
  run().catch((error) => fail(error.message));
})();

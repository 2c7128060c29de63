// The key of this device and the proofs it signs.
//
// The key is made by WebCrypto on P-256, can never be exported, and is kept in IndexedDB: one per origin and browser
// profile. A proof is a DPoP proof JWT (RFC 9449 section 4.2); it proves the key for one request, once.

const DATABASE = "bartizan";
const STORE = "keys";
const NAME = "device";
const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };

/** This browser cannot keep a key; the message says what a person can do. */
export class DeviceKeyError extends Error {
  constructor(cause) {
    super(
      "This browser cannot keep a key for this device. It may be a private window, or data of this site may be " +
        "blocked. Allow this site to store data, or use another browser.",
      { cause },
    );
    this.name = "DeviceKeyError";
  }
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function opened() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return settled(request);
}

/** Store a pair unless there is one; returns the one that is there then. Two tabs may both have made one. */
function firstOf(database, made) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
    const store = transaction.objectStore(STORE);
    let kept = made;
    const present = store.get(NAME);
    present.onsuccess = () => {
      if (present.result) kept = present.result;
      else store.put(made, NAME);
    };
    transaction.oncomplete = () => resolve(kept);
    transaction.onabort = () => reject(transaction.error);
  });
}

async function stored() {
  const database = await opened();
  try {
    const present = await settled(database.transaction(STORE).objectStore(STORE).get(NAME));
    if (present) return present;
    return await firstOf(database, await crypto.subtle.generateKey(CURVE, false, ["sign"]));
  } finally {
    database.close();
  }
}

let pair;

function keyPair() {
  pair ??= stored().catch((error) => {
    pair = undefined;
    throw new DeviceKeyError(error);
  });
  return pair;
}

/** Throw the key away; the next proof makes a new one, which nothing trusts yet. */
export async function forget() {
  const database = await opened();
  const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
  await settled(transaction.objectStore(STORE).delete(NAME));
  database.close();
  pair = undefined;
}

/** Bytes as base64url without padding (RFC 7515 section 2). */
export function base64url(bytes) {
  let text = "";
  for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The bytes of base64url. */
export function bytesOf(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
}

/** The public key as a JWK with the members that its thumbprint is made from (RFC 7638 section 3.2), in their order. */
export async function publicJwk() {
  const { crv, kty, x, y } = await crypto.subtle.exportKey("jwk", (await keyPair()).publicKey);
  return { crv, kty, x, y };
}

function part(value) {
  return base64url(new TextEncoder().encode(JSON.stringify(value)));
}

/** A proof for one request: its method, its URL without query, and the nonce that the server gave. */
export async function proof(method, url, nonce) {
  const header = { typ: "dpop+jwt", alg: "ES256", jwk: await publicJwk() };
  const claims = { jti: crypto.randomUUID(), htm: method, htu: url, iat: Math.floor(Date.now() / 1000) };
  if (nonce) claims.nonce = nonce;
  const text = `${part(header)}.${part(claims)}`;
  // WebCrypto signs to r and s side by side, which is what JWS asks for (RFC 7518 section 3.4).
  const signature = await crypto.subtle.sign(SIGNATURE, (await keyPair()).privateKey, new TextEncoder().encode(text));
  return `${text}.${base64url(signature)}`;
}

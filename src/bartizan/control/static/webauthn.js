// Passkeys: options and answers as JSON (WebAuthn level 3, section 5.1), also in browsers that do not convert them.

import { base64url, bytesOf } from "./device.js";

export const supported = typeof PublicKeyCredential === "function";

function withBytes(descriptors) {
  return descriptors?.map((descriptor) => ({ ...descriptor, id: bytesOf(descriptor.id) }));
}

function creationOptions(json) {
  if (PublicKeyCredential.parseCreationOptionsFromJSON) return PublicKeyCredential.parseCreationOptionsFromJSON(json);
  return {
    ...json,
    challenge: bytesOf(json.challenge),
    user: { ...json.user, id: bytesOf(json.user.id) },
    excludeCredentials: withBytes(json.excludeCredentials),
  };
}

function requestOptions(json) {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) return PublicKeyCredential.parseRequestOptionsFromJSON(json);
  return { ...json, challenge: bytesOf(json.challenge), allowCredentials: withBytes(json.allowCredentials) };
}

function asJson(credential) {
  if (credential.toJSON) return credential.toJSON();
  const { response } = credential;
  const encoded = { clientDataJSON: base64url(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) encoded[name] = base64url(response[name]);
  }
  if (response.getTransports) encoded.transports = response.getTransports();
  return {
    id: credential.id,
    rawId: base64url(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: encoded,
  };
}

/** Make a passkey; returns the credential as JSON. */
export async function create(json) {
  return asJson(await navigator.credentials.create({ publicKey: creationOptions(json) }));
}

/** Use a passkey; returns the credential as JSON. `more`: `mediation`, `signal`. */
export async function get(json, more = {}) {
  return asJson(await navigator.credentials.get({ publicKey: requestOptions(json), ...more }));
}

/** Whether passkeys can be offered among the names that a browser fills in. */
export async function canAutofill() {
  return Boolean(supported && (await PublicKeyCredential.isConditionalMediationAvailable?.()));
}

const MEANINGS = {
  NotAllowedError: "The passkey was not used: it was cancelled, or it took too long. Try again when you are ready.",
  InvalidStateError: "This device already has a passkey for you. Use it, or choose another device or security key.",
  SecurityError: "This browser does not allow passkeys at this address.",
  NotSupportedError: "This device cannot make a passkey of the kind that is needed here.",
};

/** What went wrong with a passkey, in words; undefined for what is no matter of passkeys. */
export function meaning(error) {
  return error instanceof DOMException ? MEANINGS[error.name] : undefined;
}

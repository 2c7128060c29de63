"""A SCIM client (RFC 7644): an administrator's API client, with a passkey, that provisions people and groups.

`sign` is what your security key does: it takes the `publicKey` options of WebAuthn as the gateway sends them, and
returns the assertion as `PublicKeyCredential.toJSON()` of a browser would. Needs httpx and joserfc.
"""

from collections.abc import Callable
from typing import Any

import httpx
from examples.dpop_client import Client

SCIM = "/.bartizan/scim/v2"
Json = dict[str, Any]


class Provisioner(Client):
    """Speaks for one administrator, on a device that is trusted: confirm its key first, as `dpop_client.py` does."""

    def log_in_with_passkey(self, sign: Callable[[Json], Json]) -> None:
        """Get an access token with which people and groups can be changed as long as it is good."""
        self.token = None
        options = self.call("login/passkey/options")["publicKey"]
        self._take(self.call("login/passkey", {"credential": sign(options), "client": True}))

    def prove_passkey(self, sign: Callable[[Json], Json]) -> None:
        """Use the passkey anew, as changes of the group of administrators and of the admin API need it."""
        self.call("reauth/begin", {"factor": "webauthn"})
        options = self.call("factors/webauthn/options")["publicKey"]
        self._take(self.call("factors/webauthn", {"credential": sign(options)}))

    def scim(self, method: str, path: str, body: Json | None = None, **headers: str) -> httpx.Response:
        """Send a SCIM request, with a proof that has the nonce of the answer before."""
        answer = self._send(method, path, body, headers)
        if "use_dpop_nonce" in answer.headers.get("WWW-Authenticate", ""):
            answer = self._send(method, path, body, headers)
        return answer

    def _send(self, method: str, path: str, body: Json | None, headers: dict[str, str]) -> httpx.Response:
        url = self.origin + SCIM + path
        proof = self.proof(method, url, self.nonce)
        fields = {"Authorization": f"DPoP {self.token}", "DPoP": proof, "Content-Type": "application/scim+json"}
        answer = self.http.request(method, url, json=body, headers=fields | headers)
        self.nonce = answer.headers.get("DPoP-Nonce")
        return answer

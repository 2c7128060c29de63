"""An API client: a device of a person, with a key of its own that proves each request (DPoP, RFC 9449).

python examples/dpop_client.py https://localhost:8443 ada GET /orders

It asks for password and code. The first time a trusted device has to confirm it: the number to enter there is shown.
The key is in `device-key.json`; keep that like a password. Needs httpx and joserfc.
"""

import base64
import getpass
import hashlib
import json
import os
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey


class Refused(Exception):
    """The gateway said no: `code` is what to act on (`login_refused`, `too_many_attempts`, …)."""

    def __init__(self, answer: httpx.Response) -> None:
        problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        self.code = problem.get("code", "")
        super().__init__(f"{answer.status_code} {self.code}: {problem.get('detail', '')}")


class Client:
    """Speaks for one person. `origin` is `access.origin`, `key` the file of the device's key, made if there is none."""

    def __init__(self, origin: str, key: Path, http: httpx.Client | None = None, now: Callable[[], float] = time.time):
        self.origin, self.now = origin, now
        self.http = http or httpx.Client(timeout=30)
        self.key = load_key(key)
        self.nonce: str | None = None
        self.token: str | None = None

    def log_in(
        self, name: str, password: str, code: Callable[[], str], confirm: Callable[[str], None] = print, wait: float = 1
    ) -> None:
        """Get an access token. `code` returns what the app shows, `confirm` tells the number of a new device."""
        answer = self.call("login", {"name": name, "password": password, "client": True})
        if answer["step"] == "device":
            confirm(self.call("device")["number"])
            answer = self.call("device/status")
            while answer.get("status") == "pending":
                time.sleep(wait)
                answer = self.call("device/status")
        if answer.get("step") == "factor":
            answer = self.call("factors/totp", {"code": code()})
        self._take(answer)

    def step_up(self, code: Callable[[], str], max_age: float = 300) -> None:
        """Prove the second factor anew, where a route answered `insufficient_user_authentication`."""
        self.call("reauth/begin", {"factor": "totp", "max_age": max_age})
        self._take(self.call("factors/totp", {"code": code()}))

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request to a route, with the token and a proof that this device has its key."""
        url = self.origin + path
        if self.token is None:
            raise RuntimeError("log in first")
        headers = {"Authorization": f"DPoP {self.token}", "DPoP": self.proof(method, url), **options.pop("headers", {})}
        return self.http.request(method, url, headers=headers, **options)

    def call(self, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask the gateway's own API; every answer brings the nonce for the next request. Raises `Refused`."""
        url = f"{self.origin}/.bartizan/api/{name}"
        for attempt in (1, 2):
            headers = {"DPoP": self.proof("POST", url, self.nonce)}
            if self.token is not None:
                headers["Authorization"] = f"DPoP {self.token}"
            answer = self.http.post(url, json=body or {}, headers=headers)
            self.nonce = answer.headers.get("DPoP-Nonce")
            if answer.is_success:
                said: dict[str, Any] = answer.json()
                return said
            refused = Refused(answer)
            if refused.code != "use_dpop_nonce" or attempt == 2:
                raise refused
        raise AssertionError("unreachable")

    def proof(self, method: str, url: str, nonce: str | None = None) -> str:
        """Make the proof for one request: good once, for this method and URL, and with this access token."""
        claims = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": url.partition("?")[0], "iat": int(self.now())}
        if nonce is not None:
            claims["nonce"] = nonce
        if self.token is not None:
            digest = hashlib.sha256(self.token.encode()).digest()
            claims["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        public = {member: self.key.as_dict(private=False)[member] for member in ("kty", "crv", "x", "y")}
        return jwt.encode({"typ": "dpop+jwt", "alg": "ES256", "jwk": public}, claims, self.key)

    def _take(self, answer: dict[str, Any]) -> None:
        if answer.get("step") != "done":
            raise RuntimeError(f"the login cannot go on here, but in a browser: {answer}")
        self.token = answer.get("access_token", self.token)


def load_key(file: Path) -> ECKey:
    """Return the device's key; a new one is a new device, which has to be confirmed."""
    if not file.exists():
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as opened:
            json.dump(ECKey.generate_key("P-256").as_dict(private=True), opened)
    return ECKey.import_key(json.loads(file.read_text()))


def main(origin: str, name: str, method: str, path: str) -> None:
    """Log in and send one request."""
    client = Client(origin, Path("device-key.json"))
    client.log_in(
        name,
        getpass.getpass("Password: "),
        lambda: input("Code from the app: "),
        lambda number: print(f"Enter {number} on one of your trusted devices"),  # noqa: T201
    )
    answer = client.request(method, path)
    print(answer.status_code, answer.text)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:5])

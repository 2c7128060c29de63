"""A person in the demo: a browser in software, with a device key, cookies and an authenticator app."""

from __future__ import annotations

import base64
import http.client
import json
import secrets
import time
from collections.abc import Callable
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from bartizan.access.factors.totp import code_at, step_at
from scripts.demo_stage import Answer, check

__all__ = ["Person"]

API = "/.bartizan/api/"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) demo"


class Person:
    """Speaks the JSON API as the pages do. ``connect`` opens connections to ``origin``."""

    def __init__(self, origin: str, connect: Callable[[], http.client.HTTPSConnection]) -> None:
        self._origin = origin
        self._connect = connect
        self._key = ECKey.generate_key("P-256")
        self._nonce = ""
        self.cookies: dict[str, str] = {}

    def enrol(self, token: str, password: str) -> None:
        """Follow an invitation: password, authenticator app, device; afterwards they are logged in."""
        self._post("enrol/start", token=token)
        self._post("enrol/password", password=password)
        text = str(self._post("enrol/totp/begin")["secret"]).replace(" ", "")
        secret = base64.b32decode(text + "=" * (-len(text) % 8))
        self._post("enrol/totp", code=code_at(secret, step_at(time.time())))
        done = self._post("enrol/finish", device_label="demo")
        check(done["step"] == "done" and len(done["recovery_codes"]) == 10, f"enrolment ended with {done}")

    def ask(self, method: str, path: str, body: bytes = b"", agent: str = AGENT) -> Answer:
        """Send a request to the application, with the cookies."""
        return self._send(method, path, body, {"User-Agent": agent, "Content-Type": "application/json"})

    def _post(self, name: str, **fields: Any) -> dict[str, Any]:
        body = json.dumps(fields).encode()
        for _ in range(2):  # the first request has no nonce yet
            headers = {
                "DPoP": self._proof("POST", API + name),
                "Content-Type": "application/json",
                "Origin": self._origin,
                "Sec-Fetch-Site": "same-origin",
                "User-Agent": AGENT,
            }
            answer = self._send("POST", API + name, body, headers)
            self._nonce = answer.headers.get("dpop-nonce", self._nonce)
            told = json.loads(answer.body)
            if told.get("code") != "use_dpop_nonce":
                break
        check(answer.status == 200, f"{name} was answered {answer.status}: {told}")
        return dict(told)

    def _proof(self, method: str, path: str) -> str:
        """Return a proof of the device's key for one request (RFC 9449 section 4.2)."""
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self._key.as_dict(private=False)}
        claims = {"jti": secrets.token_urlsafe(12), "htm": method, "htu": self._origin + path, "iat": int(time.time())}
        return jwt.encode(header, claims | ({"nonce": self._nonce} if self._nonce else {}), self._key)

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        connection = self._connect()
        try:
            if self.cookies:
                headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        for line in response.headers.get_all("set-cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, data)

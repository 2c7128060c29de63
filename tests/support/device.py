"""A device in software: a P-256 key that proves itself (DPoP), and the way a browser or client talks to control."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from bartizan.access.devices.jwk import DeviceKey, parse_jwk

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
LOGIN, SESSION, HELD = "__Host-bartizan-login", "__Host-bartizan-session", "__Host-bartizan-held"


def base64url(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def new_key() -> EllipticCurvePrivateKey:
    """Return a new P-256 key."""
    return generate_private_key(SECP256R1())


def public_jwk(key: EllipticCurvePrivateKey) -> dict[str, str]:
    """Return the public key as a JWK."""
    numbers = key.public_key().public_numbers()
    x, y = (base64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def make_proof(
    key: EllipticCurvePrivateKey, method: str, url: str, *, now: float, nonce: str | None, token: str | None = None
) -> str:
    """Return a DPoP proof JWT (RFC 9449 section 4.2)."""
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public_jwk(key)}
    claims = {"jti": secrets.token_urlsafe(12), "htm": method, "htu": url, "iat": int(now)}
    if nonce is not None:
        claims["nonce"] = nonce
    if token is not None:
        claims["ath"] = base64url(hashlib.sha256(token.encode()).digest())
    text = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    r, s = decode_dss_signature(key.sign(text.encode(), ECDSA(SHA256())))
    return f"{text}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


@dataclass
class Answer:
    """What the API answered."""

    status: int
    data: dict[str, Any]
    headers: httpx.Headers

    @property
    def code(self) -> str:
        """The problem's code, or nothing."""
        return str(self.data.get("code", ""))

    def __getitem__(self, name: str) -> Any:
        return self.data[name]


@dataclass
class Browser:
    """One browser profile: its key, its cookies, the nonce that it was given last. ``address`` is where it is."""

    client: httpx.Client
    origin: str
    clock: Callable[[], float]
    address: str = "192.0.2.7"
    agent: str = AGENT
    ja4: str = "t13d1516h2_8daaf6152771_e5627efa2ab1"
    key: EllipticCurvePrivateKey = field(default_factory=new_key)
    cookies: dict[str, str] = field(default_factory=dict)
    nonce: str | None = None
    token: str | None = None
    """An API client's access token."""

    @property
    def device(self) -> DeviceKey:
        """Its key as the records know it."""
        return parse_jwk(public_jwk(self.key))

    def post(self, name: str, body: object = None, *, proof: str | None = None, **headers: str) -> Answer:
        """Call the API; asks for a nonce first if there is none."""
        if self.nonce is None and proof is None:
            self._send(name, b"{}", {})
        data = json.dumps({} if body is None else body).encode()
        answer = self._send(name, data, headers, proof)
        if answer.code == "use_dpop_nonce" and proof is None:
            return self._send(name, data, headers)  # as the pages do: the nonce was too old
        return answer

    def proof(self, name: str, **changes: Any) -> str:
        """Return a proof for a call; it spends the nonce."""
        url = changes.pop("url", f"{self.origin}/.bartizan/api/{name}")
        nonce, self.nonce = self.nonce, None
        given = {"now": self.clock(), "nonce": nonce, "token": self.token, **changes}
        return make_proof(self.key, given.pop("method", "POST"), url, **given)

    def _send(self, name: str, data: bytes, headers: dict[str, str], proof: str | None = None) -> Answer:
        fields = {
            "content-type": "application/json",
            "user-agent": self.agent,
            "bartizan-client": self.address,
            "bartizan-ja4": self.ja4,
            "dpop": proof or self.proof(name),
            **({"cookie": "; ".join(f"{key}={value}" for key, value in self.cookies.items())} if self.cookies else {}),
            **({"authorization": f"DPoP {self.token}"} if self.token else {}),
            **{key.replace("_", "-"): value for key, value in headers.items()},
        }
        response = self.client.post(f"/.bartizan/api/{name}", content=data, headers=fields)
        self.nonce = response.headers.get("dpop-nonce", self.nonce)
        for cookie in response.headers.get_list("set-cookie"):
            pair, *attributes = cookie.split("; ")
            key, _, value = pair.partition("=")
            if "Max-Age=0" in attributes:
                self.cookies.pop(key, None)
            else:
                self.cookies[key] = value
        return Answer(response.status_code, response.json(), response.headers)

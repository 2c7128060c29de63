"""A push service with its browsers: takes messages over HTTPS (RFC 8030), checks who sends them (VAPID, RFC 8292), and
decrypts them as the browser would (RFC 8291)."""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

DAY = 86_400


@dataclass
class Browser:
    """One subscription, and the messages that came for it. ``topics`` beside them."""

    endpoint: str
    key: ec.EllipticCurvePrivateKey
    auth: bytes
    server_key: str
    """``applicationServerKey``: only who has it may send (RFC 8292 section 4)."""
    messages: list[Any] = field(default_factory=list)
    fields: list[dict[str, str]] = field(default_factory=list)
    """The header fields of each message, names in lower case."""

    def to_json(self) -> dict[str, Any]:
        """Return what ``PushSubscription.toJSON()`` does."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": encode(point), "auth": encode(self.auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def open(self, body: bytes) -> Any:
        """Return what was encrypted for this browser."""
        return json.loads(http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"))


class PushService:
    """Listens on a loopback port while in a ``with`` block. ``answer``: what it says to everything, for tests.

    ``answer`` is a status with header fields, raw bytes to be sent and the connection closed, or ``None`` to be silent
    until the end; ``dripping`` sends the raw bytes one by one, without end.
    """

    def __init__(self, tls: ssl.SSLContext, host: str = "localhost") -> None:
        self.host = host
        self.browsers: dict[str, Browser] = {}
        self.refusals: list[str] = []
        self.answer: tuple[int, dict[str, str]] | bytes | None = (201, {})
        self.dripping = False
        self.connections = 0
        self.ended = threading.Event()
        self._server = _Server(tls, self)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> PushService:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def origin(self) -> str:
        return f"https://{self.host}:{self.port}"

    def subscribe(self, server_key: str) -> Browser:
        """Return a new subscription, for whoever has ``server_key``."""
        token = secrets.token_urlsafe(12)
        endpoint = f"{self.origin}/push/{token}"
        key = ec.generate_private_key(ec.SECP256R1())
        self.browsers[f"/push/{token}"] = Browser(endpoint, key, secrets.token_bytes(16), server_key)
        return self.browsers[f"/push/{token}"]

    def unsubscribe(self, browser: Browser) -> None:
        """Forget a subscription: 410 from now on."""
        del self.browsers[browser.endpoint.removeprefix(self.origin)]

    def take(self, path: str, fields: dict[str, str], body: bytes) -> int:
        """Return the status for a message, which is delivered if it is right."""
        browser = self.browsers.get(path)
        if browser is None:
            return 410
        problem = self._problem(browser, fields, body)
        if problem:
            self.refusals.append(problem)
            return 400
        browser.fields.append(fields)
        browser.messages.append(browser.open(body))
        return 201

    def _problem(self, browser: Browser, fields: dict[str, str], body: bytes) -> str:
        if not fields.get("ttl", "").isdigit():
            return "TTL is missing (RFC 8030 section 5.2)"
        if fields.get("urgency", "normal") not in ("very-low", "low", "normal", "high"):
            return "urgency (section 5.3)"
        topic = fields.get("topic", "x")
        if len(topic) > 32 or not topic.replace("-", "").replace("_", "").isalnum():
            return "topic (section 5.4)"
        if fields.get("content-encoding") != "aes128gcm" or len(body) > 4096:
            return "content encoding or size (RFC 8291)"
        scheme, _, parameters = fields.get("authorization", "").partition(" ")
        if scheme != "vapid":
            return "no VAPID (RFC 8292)"
        given = dict(part.strip().split("=", 1) for part in parameters.split(","))
        if given["k"] != browser.server_key:
            return "another application server (RFC 8292 section 4.2)"
        return self._claims_problem(given)

    def _claims_problem(self, given: dict[str, str]) -> str:
        point = decode(given["k"])
        key = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": encode(point[1:33]), "y": encode(point[33:])})
        token = jwt.decode(given["t"], key, algorithms=["ES256"])  # raises if the signature is wrong
        claims = token.claims
        if token.header.get("typ") != "JWT" or claims["aud"] != self.origin:
            return "audience"
        if not isinstance(claims["exp"], int) or not 0 < claims["exp"] - time.time() <= DAY:
            return "expiry"
        if not str(claims["sub"]).startswith(("mailto:", "https://")):
            return "subject"
        return ""


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, tls: ssl.SSLContext, service: PushService) -> None:
        self.tls = tls
        self.service = service
        super().__init__(("127.0.0.1", 0), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        self.service.connections += 1
        # Clients that do not like our certificate, or go away, are nobody's error here.
        with contextlib.suppress(OSError), self.tls.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def shutdown_request(self, request: Any) -> None:
        with contextlib.suppress(OSError):
            request.shutdown(socket.SHUT_RDWR)
        request.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        service = self.server.service
        body = self.rfile.read(int(self.headers["content-length"]))
        fields = {name.lower(): value for name, value in self.headers.items()}
        self.close_connection = True
        if service.answer is None:
            service.ended.wait()
        elif isinstance(service.answer, bytes):
            self._send_raw(service)
        else:
            status, extra = service.answer
            status = service.take(self.path, fields, body) if status == 201 else status
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

    def _send_raw(self, service: PushService) -> None:
        assert isinstance(service.answer, bytes)
        if not service.dripping:
            self.wfile.write(service.answer)
            return
        while not service.ended.wait(0.01):
            self.wfile.write(service.answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


def encode(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    """Return the bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "===")

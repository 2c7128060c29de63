"""The guard ``honeytokens``: whoever presents a credential that nobody was given has been where it was planted."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping

from bartizan.detection.honeytokens.presented import Credential, Places, jti_of
from bartizan.detection.honeytokens.tokens import Honeytoken, digest_of_jti, digest_of_secret
from bartizan.http.message import Request
from bartizan.pipeline import Exchange, Signal

__all__ = ["Honeytokens"]

SEVERITY = 95

Tokens = Mapping[bytes, Honeytoken]


class Honeytokens:
    """Tells of honeytokens that are used. No verdict: what does not open anything is refused by what it should open.

    Signal: ``honeytoken.used`` (T1078), once for each token of an exchange, with the place where it was planted. A JWT
    is passed on with a signature that does not hold, since an upstream may look at nothing else.
    """

    name = "honeytokens"

    def __init__(self, places: Places, baits: Tokens, planted: Callable[[], Tokens]) -> None:
        """``baits`` are the tokens of decoys, by digest, ``planted`` returns those planted by hand."""
        self._credentials = places.credentials
        self._baits = baits
        self._planted = planted

    async def on_request(self, exchange: Exchange) -> None:
        """Look at what a request presents."""
        credentials = self._credentials(exchange.request)
        if credentials:
            self._look(exchange, credentials)

    def on_refused(self, exchange: Exchange, body: bytes) -> None:  # noqa: ARG002 - the signature is the pipeline's
        """Look at what a request presented that was refused already."""
        credentials = self._credentials(exchange.request)
        if credentials:
            self._look(exchange, credentials)

    def _look(self, exchange: Exchange, credentials: list[Credential]) -> None:
        planted = self._planted()
        if not planted and not self._baits:
            return
        told = set()
        for where, secret in credentials:
            token = self._find(secret, planted)
            if token is None:
                continue
            if token.kind == "jwt":
                _spoil(exchange.request, secret)
            if token.digest not in told:
                told.add(token.digest)
                _tell(exchange, token, where)

    def _find(self, secret: bytes, planted: Tokens) -> Honeytoken | None:
        digest = digest_of_secret(secret)
        found = planted.get(digest) or self._baits.get(digest)
        if found is None and (jti := jti_of(secret)) is not None:
            digest = digest_of_jti(jti)
            found = planted.get(digest) or self._baits.get(digest)
        return found


def _tell(exchange: Exchange, token: Honeytoken, where: str) -> None:
    short = token.digest[:6].hex()
    exchange.credential = f"honeytoken {short}"
    evidence = {"decoy": token.id, "place": token.place, "kind": token.kind, "where": where, "digest": short}
    if token.form:
        evidence["form"] = token.form
    exchange.signals.append(Signal("honeytoken.used", SEVERITY, technique="T1078", evidence=evidence))


def _spoil(request: Request, secret: bytes) -> None:
    """Put another signature of the same length into a JWT, wherever the upstream would read it."""
    signed, _, signature = secret.rpartition(b".")
    other = base64.urlsafe_b64encode(hashlib.shake_256(b"not " + signature).digest(len(signature)))[: len(signature)]
    spoiled = b"%b.%b" % (signed, other)
    headers = request.headers
    headers.items = [(name, value.replace(secret, spoiled) if secret in value else value) for name, value in headers]
    if request.query is not None and secret in request.query:
        request.query = request.query.replace(secret, spoiled)

"""What a request presents that could be a credential, wherever clients put such things."""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

import msgspec

from bartizan.http.message import Request

__all__ = ["Credential", "Places", "jti_of"]

MAX_CREDENTIALS = 64  # of one request that are looked at
MIN_LENGTH, MAX_LENGTH = 8, 4096  # bytes of one
_COOKIES, _AUTHORIZATION, _KEY = 0, 1, 2


class Credential(NamedTuple):
    """A text that could open something, and where it was: ``authorization``, ``cookie``, ``parameter api_key``."""

    where: str
    secret: bytes


class _Claims(msgspec.Struct):
    jti: str


_decode_claims = msgspec.json.Decoder(_Claims).decode


class Places:
    """Where credentials are looked for: ``headers`` and query ``parameters`` besides Authorization and cookies."""

    def __init__(self, headers: list[str], parameters: list[str]) -> None:
        self._fields = {name.lower().encode("latin-1", "replace"): _KEY for name in headers}
        self._fields[b"authorization"] = self._fields[b"proxy-authorization"] = _AUTHORIZATION
        self._fields[b"cookie"] = _COOKIES
        self._parameters = {name.encode("utf-8"): f"parameter {name}" for name in parameters}
        self._marks = tuple(name + b"=" for name in self._parameters)

    def credentials(self, request: Request) -> list[Credential]:
        """Return what a request presents; an empty list costs a look at each header field's name."""
        found: list[Credential] = []
        fields = self._fields
        for name, value in request.headers.items:
            if name in fields:
                kind = fields[name]
                if kind == _COOKIES:
                    _cookies(value, found)
                elif kind == _AUTHORIZATION:
                    _authorization(value, found)
                else:
                    found.append(Credential(name.decode("latin-1"), value.strip()))
        query = request.query
        if query is not None:
            for mark in self._marks:
                if mark in query:
                    self._query(query, found)
                    break
        if not found:
            return found
        return [each for each in found if MIN_LENGTH <= len(each.secret) <= MAX_LENGTH][:MAX_CREDENTIALS]

    def _query(self, query: bytes, found: list[Credential]) -> None:
        for pair in query.split(b"&", 256):
            name, _, value = pair.partition(b"=")
            where = self._parameters.get(name)
            if where is not None:
                found.append(Credential(where, unquote_to_bytes(value[:MAX_LENGTH]) if b"%" in value else value))


def jti_of(secret: bytes) -> str | None:
    """Return the ``jti`` of a JWT in compact form, whatever its signature is; None for what has none."""
    if secret[:2] != b"ey" or secret.count(b".") != 2:
        return None
    payload = secret.split(b".")[1]
    try:
        return _decode_claims(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4))).jti
    except (binascii.Error, ValueError, msgspec.MsgspecError, RecursionError):
        return None


def _cookies(value: bytes, found: list[Credential]) -> None:
    for pair in value.split(b";", MAX_CREDENTIALS):
        content = pair.partition(b"=")[2].strip(b' \t"')
        if content:
            found.append(Credential("cookie", content))


def _authorization(value: bytes, found: list[Credential]) -> None:
    scheme, _, rest = value.partition(b" ")
    if scheme[:6].lower() != b"basic" or not rest:
        found.append(Credential("authorization", rest.strip() or scheme))
        return
    try:
        pair = base64.b64decode(rest.strip()[:MAX_LENGTH])
    except (binascii.Error, ValueError):
        return
    user, _, password = pair.partition(b":")  # RFC 7617 section 2: no colon in the user's name
    found.append(Credential("authorization", user))
    found.append(Credential("authorization", password))

"""A POST that waits for somebody to prove who they are: kept encrypted, given back once, to the same person.

The key is in a cookie of the browser that sent the request, and nowhere else: the shared state alone tells nothing.
"""

from __future__ import annotations

import base64
import binascii
import secrets

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bartizan.access.sessions.model import digest_of
from bartizan.storage.state.interface import State

__all__ = ["HELD_COOKIE", "HELD_FOR", "HeldRequest", "hold", "release"]

HELD_COOKIE = "__Host-bartizan-held"
HELD_FOR = 600.0  # seconds
_PREFIX = b"held/"
_KEY, _NONCE = 32, 12  # bytes
_MAX_COOKIE = 128  # characters


class HeldRequest(msgspec.Struct, frozen=True):
    """What is needed to send the request again; ``target`` is its path with its query."""

    principal: str
    target: str
    content_type: str
    body: bytes


async def hold(state: State, request: HeldRequest) -> str:
    """Keep a request for ``HELD_FOR`` seconds; returns the value of the cookie that gives it back."""
    name, key, nonce = secrets.token_urlsafe(16), secrets.token_bytes(_KEY), secrets.token_bytes(_NONCE)
    sealed = nonce + AESGCM(key).encrypt(nonce, msgspec.msgpack.encode(request), name.encode())
    await state.put(_PREFIX + digest_of(name), sealed, HELD_FOR)
    return f"{name}.{base64.urlsafe_b64encode(key).rstrip(b'=').decode()}"


async def release(state: State, cookie: str, principal: str) -> HeldRequest | None:
    """Give a request back to the person who sent it, once; None if there is none for them."""
    name, _, text = cookie[:_MAX_COOKIE].partition(".")
    where = _PREFIX + digest_of(name)
    sealed = await state.get(where)
    if sealed is None:
        return None
    try:
        key = base64.b64decode(text + "=", altchars=b"-_", validate=True)
        plain = AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode())
    except (InvalidTag, ValueError, binascii.Error):
        return None
    held = msgspec.msgpack.decode(plain, type=HeldRequest)
    if held.principal != principal or not await state.delete(where):
        return None
    return held

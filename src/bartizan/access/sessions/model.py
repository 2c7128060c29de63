"""A session as the shared state keeps it; nothing that the edge needs is elsewhere.

A token is ``HANDLE.SECRET``: 128 random bits that find the session, and 256 that open it. The state has the session
under the SHA-256 of the handle, its ``digest``, which stays the same for as long as the session lives, and of the
secret only the SHA-256, which changes with every proof of the device's key. Whoever reads the state can use neither.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Literal, NamedTuple

import msgspec

__all__ = ["ClientFacts", "Found", "Session", "SessionEnded", "digest_of", "new_handle", "new_secret", "split_token"]

_HANDLE = 22  # characters of base64url
_SECRET = 43


class ClientFacts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a session was begun from, and what each request is compared with.

    ``network`` is the client's /24 or /48; ``tls`` the part of JA4 that one client keeps over all its connections,
    empty without TLS; ``agent`` a digest of User-Agent.
    """

    network: str
    tls: str
    agent: str


class Session(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """Times are Unix seconds, durations seconds. ``factors``: when each was last proven."""

    id: str
    """Names it in logs, pages and signals; it opens nothing."""
    kind: Literal["cookie", "dpop"]
    principal: str
    name: str
    display_name: str
    groups: tuple[str, ...]
    device: str
    thumbprint: str
    """Of the device's key (RFC 7638)."""
    platform: str
    browser: str
    browser_version: str
    device_enrolled: float
    aal: int
    """Authentication assurance level, SP 800-63B-4."""
    factors: dict[str, float]
    created: float
    authenticated: float
    """When the person last proved who they are, by whatever factors."""
    seen: float
    """The last request that counts as use; background proofs and open streams do not."""
    proved: float
    """When the device last proved its key."""
    expires: float
    """The end of its lifetime, used or not."""
    idle: float
    proof_interval: float
    facts: ClientFacts
    address: str = ""
    """The client's, when it was last seen."""
    reauth: str = ""
    """Why the person has to prove anew who they are before anything else (``network``, ``risk``), or empty."""
    secret: bytes = b""
    """SHA-256 of the token's secret; the store writes it."""
    previous: bytes = b""
    """That of the token before, which is still good until ``previous_until``: requests may be on their way."""
    previous_until: float = 0.0
    device_seen: float = 0.0
    """When the device was last used before this session; when it was enrolled, if it was not."""
    device_risk: int = 0
    """What the records said of the device, 0 to 100, when the session began."""


class Found(NamedTuple):
    """A session with where it is kept, and the bytes that it was there, for compare-and-set."""

    digest: bytes
    session: Session
    stored: bytes


class SessionEnded(msgspec.Struct, frozen=True, array_like=True):
    """A message of the feed ``sessions``: what is open for this session has to be cut."""

    digest: bytes
    id: str
    reason: str


def new_handle() -> str:
    """Return the part of a token that finds the session: 128 random bits as base64url."""
    return secrets.token_urlsafe(16)


def new_secret() -> str:
    """Return the part of a token that opens the session: 256 random bits as base64url."""
    return secrets.token_urlsafe(32)


def digest_of(text: str) -> bytes:
    """Return the SHA-256 of a handle or a secret."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def split_token(token: str) -> tuple[str, str] | None:
    """Return handle and secret, or None for what does not have the form of a token."""
    if len(token) != _HANDLE + 1 + _SECRET or token[_HANDLE] != ".":
        return None
    return token[:_HANDLE], token[_HANDLE + 1 :]

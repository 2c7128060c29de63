"""A session as the shared state keeps it, under the SHA-256 of its token; nothing that the edge needs is elsewhere."""

from __future__ import annotations

import hashlib
import secrets
from typing import Literal

import msgspec

__all__ = ["ClientFacts", "Session", "SessionEnded", "digest_of", "new_token"]


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


class SessionEnded(msgspec.Struct, frozen=True, array_like=True):
    """A message of the feed ``sessions``: what is open for this session has to be cut."""

    digest: bytes
    id: str
    reason: str


def new_token() -> str:
    """Return a session token: 256 random bits as base64url."""
    return secrets.token_urlsafe(32)


def digest_of(token: str | bytes) -> bytes:
    """Return what the shared state knows a token by, SHA-256: whoever reads the state cannot use what is there."""
    return hashlib.sha256(token if isinstance(token, bytes) else token.encode("utf-8", "surrogatepass")).digest()

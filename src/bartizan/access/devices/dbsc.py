"""Device Bound Session Credentials: a browser proves by itself, with a key of its own, that a session has not moved.

W3C WebAppSec, editor's draft of 2026 (https://w3c.github.io/webappsec-dbsc/); tried with Chromium 156.

browser                                   control
   │  ◀── 200, Secure-Session-Registration ──  a login is done (``offer``)
   ├─── POST register, Secure-Session-Response ──▶  its new key becomes the session's (``register``), once
   │  ◀── 200, instructions, Set-Cookie, Secure-Session-Challenge ──
   │        … the cookie ``__Host-bartizan-proof`` runs out, or soon will: requests wait
   ├─── POST refresh, Secure-Session-Response ──▶  the key of the session signed a fresh challenge (``refresh``)
   │  ◀── 200, Set-Cookie, Secure-Session-Challenge ──     or 403, Secure-Session-Challenge: try again with this one

That cookie opens nothing. It is the clock by which the browser knows when to prove its key anew; what counts is when
the session, in the state, was last proved. Challenges are random, for one session and one purpose, and good once.
Chromium signs nothing but the challenge: ``aud``, ``sub`` and ``iat`` are checked, or ignored, where they are there.
"""

from __future__ import annotations

import secrets
from typing import Any, Literal

import msgspec

from bartizan.access.devices.jwk import DeviceKey, parse_jwk
from bartizan.access.devices.jws import Jws, is_signed_by, split_jws
from bartizan.access.sessions.model import digest_of
from bartizan.errors import ProofError
from bartizan.storage.state.interface import State

__all__ = [
    "CHALLENGE",
    "PROOF_COOKIE",
    "REFRESH_PATH",
    "REGISTER_PATH",
    "REGISTRATION",
    "RESPONSE",
    "SESSION_ID",
    "Dbsc",
    "instructions",
    "proof_cookie",
]

REGISTRATION = "Secure-Session-Registration"
CHALLENGE = "Secure-Session-Challenge"
RESPONSE = "Secure-Session-Response"
SESSION_ID = "Sec-Secure-Session-Id"
REGISTER_PATH = "/.bartizan/dbsc/register"
REFRESH_PATH = "/.bartizan/dbsc/refresh"
PROOF_COOKIE = "__Host-bartizan-proof"

OFFER_LIFETIME = 120.0  # seconds from a login until its browser registers
MAX_PROOF = 4096  # bytes
_PART = 0.8  # of the proof interval: the cookie runs out before the proof does
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"
_CHALLENGES = b"dbsc-challenge/"
_KEYS = b"dbsc-key/"
_Purpose = Literal["register", "refresh"]


class _Header(msgspec.Struct):
    typ: str
    alg: str
    jwk: dict[str, Any] | None = None
    crit: Any = None


class _Claims(msgspec.Struct):
    jti: str
    aud: str | None = None
    sub: str | None = None
    key: dict[str, Any] | None = None


class _Challenge(msgspec.Struct, frozen=True, array_like=True):
    """What a challenge is for."""

    purpose: str
    session: bytes


_decode_header = msgspec.json.Decoder(_Header).decode
_decode_claims = msgspec.json.Decoder(_Claims).decode


class Dbsc:
    """Binds sessions to browsers' keys; ``origin`` is ``https://host``. Every method raises ``StateError``.

    Sessions are named by ``digest`` (``SessionStore``) and, towards the browser, by their ``id``.
    """

    def __init__(self, state: State, origin: str) -> None:
        self._state = state
        self._origin = origin

    async def offer(self, digest: bytes) -> str | None:
        """Return a Secure-Session-Registration for the answer that begins a session; None if it has a key already."""
        if await self._state.get(_KEYS + digest) is not None:
            return None
        challenge = await self._new("register", digest, OFFER_LIFETIME)
        return f'(ES256);path="{REGISTER_PATH}";challenge="{challenge}"'

    async def register(self, digest: bytes, response: str | None, lifetime: float) -> str:
        """Bind a session for ``lifetime`` seconds to the key that signed its offer; returns the key's thumbprint.

        ``response`` is the value of Secure-Session-Response. A session is bound once: who got hold of its cookie later
        cannot bring another key. Raises ``ProofError`` (``invalid_dbsc_proof``, ``invalid_key``).
        """
        header, claims, jws = _parse(response)
        jwk = header.jwk if header.jwk is not None else claims.key  # the draft says `key`, Chromium says `jwk`
        if jwk is None:
            raise _refused("it has no key")
        key = parse_jwk(jwk)
        self._check(claims, REGISTER_PATH, None)
        if not is_signed_by(jws, key.key):
            raise _refused("the signature does not hold")
        if not await self._spend(claims.jti, "register", digest):
            raise _refused("its challenge is not one of this session's, or was used")
        if not await self._state.add(_KEYS + digest, msgspec.json.encode(key.jwk), lifetime):
            raise _refused("the session is bound to a key already")
        return key.thumbprint

    async def challenge(self, digest: bytes, session_id: str, lifetime: float) -> str:
        """Return a Secure-Session-Challenge, good once within ``lifetime`` seconds, for the next ``refresh``."""
        return f'"{await self._new("refresh", digest, lifetime)}";id="{session_id}"'

    async def refresh(self, digest: bytes, session_id: str, response: str | None) -> bool:
        """Tell whether the session's key signed a fresh challenge; if not, answer 403 with a new ``challenge``.

        Raises ``ProofError`` where another try would not help: the session has no key, or another one signed.
        """
        key = await self._key(digest)
        if not response:
            return False
        header, claims, jws = _parse(response)
        if header.jwk is not None and parse_jwk(header.jwk).thumbprint != key.thumbprint:
            raise _refused("another key than the session's signed it")
        self._check(claims, REFRESH_PATH, session_id)
        if not is_signed_by(jws, key.key):
            raise _refused("the signature does not hold")
        return await self._spend(claims.jti, "refresh", digest)

    async def _key(self, digest: bytes) -> DeviceKey:
        stored = await self._state.get(_KEYS + digest)
        if stored is None:
            raise _refused("the session is bound to no key")
        return parse_jwk(msgspec.json.decode(stored))

    async def _new(self, purpose: _Purpose, digest: bytes, lifetime: float) -> str:
        challenge = secrets.token_urlsafe(32)
        value = msgspec.msgpack.encode(_Challenge(purpose, digest))
        await self._state.put(_CHALLENGES + digest_of(challenge), value, lifetime)
        return challenge

    async def _spend(self, challenge: str, purpose: _Purpose, digest: bytes) -> bool:
        key = _CHALLENGES + digest_of(challenge)
        stored = await self._state.get(key)
        if stored is None:
            return False
        if msgspec.msgpack.decode(stored, type=_Challenge) != _Challenge(purpose, digest):
            raise _refused("its challenge is for another session, or for something else")
        return await self._state.delete(key)

    def _check(self, claims: _Claims, path: str, session_id: str | None) -> None:
        if claims.aud is not None and claims.aud != self._origin + path:
            raise _refused("aud is not the URL that it was sent to")
        if claims.sub is not None and claims.sub != session_id:
            raise _refused("sub is not the session")


def instructions(session_id: str) -> dict[str, Any]:
    """Return what the browser is told after it registered: JSON session instructions (section 9.6 of the draft).

    Bound are requests to all of the origin but our own pages, which do without: a session may be proved there.
    """
    return {
        "session_identifier": session_id,
        "refresh_url": REFRESH_PATH,
        "scope": {
            "include_site": False,
            "scope_specification": [{"type": "exclude", "domain": "*", "path": "/.bartizan"}],
        },
        "credentials": [{"type": "cookie", "name": PROOF_COOKIE, "attributes": _ATTRIBUTES}],
    }


def proof_cookie(proof_interval: float) -> str:
    """Return the Set-Cookie by which the browser knows when to refresh; ``proof_interval`` is in seconds."""
    return f"{PROOF_COOKIE}=1; {_ATTRIBUTES}; Max-Age={max(1, int(proof_interval * _PART))}"


def _parse(response: str | None) -> tuple[_Header, _Claims, Jws]:
    """Read a response: a JWT, as the draft has it a structured field string (RFC 9651), as Chromium sends it bare."""
    text = (response or "").strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    try:
        jws = split_jws(text, MAX_PROOF)
        header, claims = _decode_header(jws.header), _decode_claims(jws.payload)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise _refused("it is not a well-formed JWT with typ, alg and jti") from None
    if header.typ != "dbsc+jwt":
        raise _refused("typ is not dbsc+jwt")
    if header.alg != "ES256":
        raise _refused("alg is not ES256")
    if header.crit is not None:
        raise _refused("crit names extensions, and none is known here")
    return header, claims, jws


def _refused(what: str) -> ProofError:
    return ProofError("invalid_dbsc_proof", f"The proof of the session's key does not hold: {what}.")

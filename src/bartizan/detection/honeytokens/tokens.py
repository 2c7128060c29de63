"""Honeytokens that people plant: kept in the shared state without the secret, with a replica in every edge process."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Literal

import msgspec
from structlog.typing import FilteringBoundLogger

from bartizan.storage.state.following import Followed, Following
from bartizan.storage.state.interface import State

__all__ = [
    "MAX_PLANTED",
    "Honeytoken",
    "HoneytokenList",
    "Kind",
    "Planted",
    "digest_of_jti",
    "digest_of_secret",
    "follow_planted",
]

Kind = Literal["jwt", "cookie", "api_key"]

MAX_PLANTED = 10_000
MAX_PLACE = 200  # characters
MAX_NAME = 100  # characters
FEED_KEEP = 600.0  # seconds that a message can be read
_PREFIX = b"honey/"
_TOPIC = b"honey"


class Honeytoken(msgspec.Struct, frozen=True, gc=False):
    """A credential that nobody was given.

    ``digest`` is what it is recognised by, the SHA-256 of the secret, or of a JWT's ``jti``; ``place`` where it was
    planted; ``made_at`` Unix time in seconds; ``form`` the name of an API key's form.
    """

    id: str
    kind: Kind
    place: str
    digest: bytes
    made_at: float = 0.0
    made_by: str = ""
    form: str = ""


class _Change(msgspec.Struct):
    """A message of the feed: a token, or its end."""

    digest: bytes
    token: Honeytoken | None = None


def digest_of_secret(secret: bytes) -> bytes:
    """Return what a cookie's token or an API key is recognised by."""
    return hashlib.sha256(secret).digest()


def digest_of_jti(jti: str) -> bytes:
    """Return what a JWT is recognised by."""
    return hashlib.sha256(b"jti:" + jti.encode("utf-8", "surrogatepass")).digest()


class HoneytokenList:
    """Remembers, forgets and lists planted tokens in the shared state; ``clock`` is Unix time in seconds."""

    def __init__(self, state: State, clock: Callable[[], float] = time.time) -> None:
        self._state = state
        self._clock = clock

    async def plant(self, kind: Kind, digest: bytes, *, place: str, made_by: str, form: str = "") -> Honeytoken:
        """Remember a token. Raises ``ValueError`` without a place or beyond ``MAX_PLANTED``, and ``StateError``."""
        if not place.strip() or len(place) > MAX_PLACE:
            raise ValueError(f"the place has to be said, in at most {MAX_PLACE} characters")
        if len(await self.all()) >= MAX_PLANTED:
            raise ValueError(f"there are {MAX_PLANTED} honeytokens already: forget some")
        token = Honeytoken(secrets.token_hex(6), kind, place.strip(), digest, self._clock(), made_by[:MAX_NAME], form)
        await self._state.put(_key(digest), msgspec.msgpack.encode(token))
        await self._tell(_Change(digest, token))
        return token

    async def forget(self, token_id: str) -> Honeytoken | None:
        """Forget the token of an id; returns what it was, or None if there is none. Raises ``StateError``."""
        for token in await self.all():
            if token.id == token_id:
                await self._state.delete(_key(token.digest))
                await self._tell(_Change(token.digest))
                return token
        return None

    async def all(self) -> list[Honeytoken]:
        """Return every planted token, the newest last. Raises ``StateError``."""
        tokens = [msgspec.msgpack.decode(entry.value, type=Honeytoken) async for entry in self._state.scan(_PREFIX)]
        return sorted(tokens, key=lambda token: token.made_at)

    async def _tell(self, change: _Change) -> None:
        await self._state.publish(_TOPIC, msgspec.msgpack.encode(change), FEED_KEEP)


Planted = dict[bytes, Honeytoken]


def follow_planted(state: State, log: FilteringBoundLogger) -> Following[Planted]:
    """Return the replica of planted tokens, by digest."""
    return Following(state, log, Followed("honeytokens", _PREFIX, _TOPIC, dict, _take, _apply))


def _take(held: Planted, data: bytes) -> None:
    token = msgspec.msgpack.decode(data, type=Honeytoken)
    if len(held) < MAX_PLANTED:
        held[token.digest] = token


def _apply(held: Planted, data: bytes) -> None:
    change = msgspec.msgpack.decode(data, type=_Change)
    if change.token is None:
        held.pop(change.digest, None)
    elif len(held) < MAX_PLANTED:
        held[change.digest] = change.token


def _key(digest: bytes) -> bytes:
    return _PREFIX + digest

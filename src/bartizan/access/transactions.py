"""What is under way between a browser and us, in the shared state: found by a token, changed by one request at a time.

A token is 256 random bits; the state has what is under way under its SHA-256, so whoever reads the state cannot go on
with it. Every change compares what is there with what was read: of two requests at once one succeeds, and the other
reads again. What has been made use of leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from bartizan.errors import AccessError
from bartizan.storage.state.interface import State

__all__ = ["Transactions", "Underway"]

T = TypeVar("T", bound=msgspec.Struct)
ATTEMPTS = 8  # of a change that others get in the way of
_TOKEN = 43  # characters of base64url


class Underway(Generic[T]):
    """What is under way, as it was read. ``value`` follows its changes made through ``Transactions``."""

    __slots__ = ("digest", "stored", "value")

    def __init__(self, digest: bytes, value: T, stored: bytes) -> None:
        self.digest = digest
        self.value = value
        self.stored = stored


class Transactions(Generic[T]):
    """Keeps values of one kind for ``lifetime`` seconds from their beginning. Methods raise ``StateError``."""

    def __init__(self, state: State, kind: type[T], prefix: bytes, lifetime: float, clock: Callable[[], float]) -> None:
        self._state = state
        self._prefix = prefix
        self._clock = clock
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self.lifetime = lifetime

    async def begin(self, value: T) -> tuple[str, Underway[T]]:
        """Keep a new value; returns its token, which is not known from anything else."""
        token = secrets.token_urlsafe(32)
        digest = _digest(token)
        stored = self._encode(_Stored(self._clock() + self.lifetime, self._encode(value)))
        await self._state.put(self._prefix + digest, stored, self.lifetime)
        return token, Underway(digest, value, stored)

    async def find(self, token: str | None) -> Underway[T] | None:
        """Return what a token stands for, or None."""
        if token is None or len(token) != _TOKEN:
            return None
        return await self.by_digest(_digest(token))

    async def by_digest(self, digest: bytes) -> Underway[T] | None:
        """Return what is kept under a digest, or None."""
        stored = await self._state.get(self._prefix + digest)
        if stored is None:
            return None
        kept = _decode_stored(stored)
        if self._clock() >= kept.expires:
            return None
        return Underway(digest, self._decode(kept.value), stored)

    async def change(self, underway: Underway[T], change: Callable[[T], T]) -> T:
        """Change a value and return it; ``change`` may be called again if others got in the way.

        Raises what ``change`` raises, and ``AccessError`` if the value is gone.
        """
        for _ in range(ATTEMPTS):
            changed = change(underway.value)
            kept = _decode_stored(underway.stored)
            left = kept.expires - self._clock()
            stored = self._encode(_Stored(kept.expires, self._encode(changed)))
            if left > 0 and await self._state.compare_and_set(
                self._prefix + underway.digest, underway.stored, stored, left
            ):
                underway.value, underway.stored = changed, stored
                return changed
            again = await self.by_digest(underway.digest)
            if again is None:
                raise AccessError("login_expired", "This took too long, or is over already. Begin anew.")
            underway.value, underway.stored = again.value, again.stored
        raise AccessError("busy", "Too much at the same time. Try again.")

    async def finish(self, underway: Underway[T], change: Callable[[T], T]) -> T:
        """Change a value for the last time and forget it; of several who try, one succeeds.

        Raises as ``change`` does.
        """
        changed = await self.change(underway, change)
        await self._state.delete(self._prefix + underway.digest)
        return changed

    async def drop(self, token: str | None) -> None:
        """Forget what a token stands for, if anything."""
        if token is not None and len(token) == _TOKEN:
            await self._state.delete(self._prefix + _digest(token))


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    expires: float
    value: bytes


_decode_stored = msgspec.msgpack.Decoder(_Stored).decode


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()

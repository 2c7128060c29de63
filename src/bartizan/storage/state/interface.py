"""What the shared state can do, whatever engine keeps it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Entry", "FeedItem", "GcraLimit", "GcraResult", "State"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value; ``expires`` is Unix time in seconds, or None for never."""

    key: bytes
    value: bytes
    expires: float | None


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One message of a feed; ``cursor`` grows from message to message and is opaque otherwise."""

    cursor: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class GcraLimit:
    """One bucket: ``rate`` cells per ``period`` seconds, of which ``burst`` at once."""

    key: bytes
    rate: int
    period: float
    burst: int


@dataclass(frozen=True, slots=True)
class GcraResult:
    """How a bucket stands: ``remaining`` cells now, ``retry_after`` and ``reset_after`` in seconds."""

    allowed: bool
    remaining: int
    retry_after: float
    reset_after: float


class State(Protocol):
    """Small, hot, expiring values shared by all edge processes. Every method raises ``StateError`` when it cannot."""

    async def get(self, key: bytes) -> bytes | None:
        """Return the value, or None if there is none or it has expired."""
        ...

    async def put(self, key: bytes, value: bytes, ttl: float | None = None) -> None:
        """Store a value, for ``ttl`` seconds if given."""
        ...

    async def add(self, key: bytes, value: bytes, ttl: float | None = None) -> bool:
        """Store a value only if the key has none; tells whether it did."""
        ...

    async def compare_and_set(self, key: bytes, expected: bytes, value: bytes, ttl: float | None = None) -> bool:
        """Replace ``expected`` by ``value``; tells whether it did."""
        ...

    async def delete(self, key: bytes) -> bool:
        """Remove a key; tells whether it was there."""
        ...

    async def increment(self, key: bytes, by: int = 1, ttl: float | None = None) -> int:
        """Add to a counter and return it; ``ttl`` starts when the counter is made."""
        ...

    def scan(self, prefix: bytes) -> AsyncIterator[Entry]:
        """Yield all live entries whose key starts with ``prefix``, in pieces that never block for long."""
        ...

    async def gcra(self, limits: Sequence[GcraLimit], now: float | None = None) -> list[GcraResult]:
        """Take one cell from every bucket, or from none if any refuses. One atomic step over all edge processes.

        ``now`` is Unix time in seconds (for tests); by default the engine's own clock.
        """
        ...

    async def acquire(self, key: bytes, holder: bytes, limit: int, lease: float) -> bool:
        """Take one of ``limit`` slots for ``holder`` for at most ``lease`` seconds; tells whether it did.

        ``holder`` names the slot taken; it is unique to it.
        """
        ...

    async def release(self, key: bytes, holder: bytes) -> None:
        """Give a slot back; it is no error if its lease has run out."""
        ...

    async def publish(self, topic: bytes, payload: bytes, keep: float) -> None:
        """Append to a feed; the message can be read for at least ``keep`` seconds."""
        ...

    async def read(self, topic: bytes, after: bytes | None, limit: int = 1000) -> list[FeedItem]:
        """Return messages after a cursor, oldest first; ``after=None`` starts with the oldest kept."""
        ...

    async def sweep(self, limit: int = 1000) -> int:
        """Remove up to ``limit`` expired entries and return how many; engines that expire by themselves return 0."""
        ...

    async def close(self) -> None:
        """Give back what the engine holds."""
        ...

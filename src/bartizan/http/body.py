"""A message body in motion: one producer, one consumer, a bounded buffer between them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

__all__ = ["Body"]

HIGH_WATER = 256 * 1024  # bytes that may wait for the consumer before the producer is asked to pause


class Body:
    """A stream of bytes with back-pressure.

    The producer calls ``feed``, ``end`` and ``fail``; the consumer ``read`` or ``hold``. When ``feed`` returns False
    the producer should pause until ``resume`` (given at construction) is called. ``waits`` is called with True when the
    consumer begins to wait for more, and with False when it has stopped: the producer then knows that more is wanted,
    and may keep time.
    """

    __slots__ = (
        "_chunks",
        "_error",
        "_high",
        "_paused",
        "_resume",
        "_waiter",
        "_waits",
        "buffered",
        "ended",
        "received",
        "trailers",
    )

    def __init__(self, resume: Callable[[], None] | None = None, waits: Callable[[bool], None] | None = None) -> None:
        self._chunks: deque[bytes] = deque()
        self._resume = resume
        self._waits = waits
        self._waiter: asyncio.Future[None] | None = None
        self._error: BaseException | None = None
        self._high = HIGH_WATER
        self._paused = False
        self.buffered = 0
        """Bytes that wait for the consumer."""
        self.received = 0
        """Bytes fed so far."""
        self.ended = False
        """Whether the producer has said that nothing more comes."""
        self.trailers: list[tuple[bytes, bytes]] = []

    @classmethod
    def of(cls, data: bytes = b"") -> Body:
        """Return a body that is already complete."""
        body = cls()
        if data:
            body.feed(data)
        body.end()
        return body

    def feed(self, data: bytes) -> bool:
        """Add bytes; returns whether more are wanted now."""
        self._chunks.append(data)
        size = len(data)
        self.received += size
        self.buffered += size
        self._wake()
        if self.buffered >= self._high:
            self._paused = True
            return False
        return True

    def end(self, trailers: list[tuple[bytes, bytes]] | None = None) -> None:
        """Say that the body is complete; ``trailers`` are its trailer fields (RFC 9110 section 6.5)."""
        if trailers:
            self.trailers = trailers
        self.ended = True
        self._wake()

    def fail(self, error: BaseException) -> None:
        """Say that the rest will never come; ``read`` and ``hold`` raise ``error`` from now on."""
        if self._error is None and not self.ended:
            self._error = error
            self._wake()

    @property
    def error(self) -> BaseException | None:
        """What ``fail`` was given, if it was called."""
        return self._error

    @property
    def complete(self) -> bool:
        """Whether the whole of the body has arrived (it may still be unread)."""
        return self.ended

    @property
    def finished(self) -> bool:
        """Whether the consumer has read everything there is."""
        return self.ended and not self._chunks

    def peek(self) -> bytes:
        """Return all bytes that wait, without consuming them."""
        if len(self._chunks) > 1:
            joined = b"".join(self._chunks)
            self._chunks.clear()
            self._chunks.append(joined)
        return self._chunks[0] if self._chunks else b""

    def take(self) -> bytes:
        """Consume and return all bytes that wait; empty if there are none."""
        chunks = self._chunks
        if not chunks:
            return b""
        data = chunks.popleft() if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        self.buffered = 0
        if self._paused:
            self._paused = False
            if self._resume is not None:
                self._resume()
        return data

    def replace(self, data: bytes) -> None:
        """Put ``data`` in the place of a complete body of which nothing has been consumed; raises ``RuntimeError``.

        Whoever has a message tells its length by itself: ``response.length``.
        """
        if not self.ended or self.buffered != self.received:
            raise RuntimeError("only a body that waits whole can be replaced")
        self._chunks.clear()
        if data:
            self._chunks.append(data)
        self.buffered = self.received = len(data)

    async def read(self) -> bytes:
        """Wait for bytes and consume them; empty bytes mean the end. Raises what ``fail`` was given."""
        while not self._chunks:
            if self._error is not None:
                raise self._error
            if self.ended:
                return b""
            await self._wait()
        return self.take()

    async def hold(self, limit: int) -> bytes:
        """Wait until the body is complete or ``limit`` bytes wait, and return what waits without consuming it.

        The buffer grows to ``limit`` for this; at most about one read more than that is held. Raises what ``fail``
        was given.
        """
        if limit > self._high:
            self._high = limit
            if self._paused and self.buffered < limit:
                self._paused = False
                if self._resume is not None:
                    self._resume()
        while not self.ended and self.buffered < limit:
            if self._error is not None:
                raise self._error
            await self._wait()
        return self.peek()

    async def _wait(self) -> None:
        if self._waiter is not None:
            raise RuntimeError("a body has one consumer")
        self._waiter = asyncio.get_running_loop().create_future()
        if self._waits is not None:
            self._waits(True)
        try:
            await self._waiter
        finally:
            self._waiter = None
            if self._waits is not None:
                self._waits(False)

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

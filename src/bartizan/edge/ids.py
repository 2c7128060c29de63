"""Exchange ids: unique over all workers, ordered in time so that a record is found without reading every segment."""

from __future__ import annotations

__all__ = ["ExchangeIds"]


class ExchangeIds:
    """Makes ids of 32 hexadecimal digits: 12 of Unix time in milliseconds, 12 of the worker, 8 of a counter.

    ``worker`` is 6 random bytes, drawn when the process starts. An id is a name, not a secret.
    """

    __slots__ = ("_count", "_worker")

    def __init__(self, worker: bytes) -> None:
        if len(worker) != 6:
            raise ValueError(f"a worker's part of an id is 6 bytes, not {len(worker)}")
        self._worker = worker.hex()
        self._count = 0

    def next(self, now: float) -> str:
        """Return the next id; ``now`` is Unix time in seconds."""
        self._count = count = (self._count + 1) & 0xFFFFFFFF
        return f"{int(now * 1000):012x}{self._worker}{count:08x}"

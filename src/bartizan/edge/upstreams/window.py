"""Counting over a sliding window of time, in a fixed amount of memory."""

from __future__ import annotations

__all__ = ["SlidingCount"]


class SlidingCount:
    """How often something happened in the last ``span`` seconds, give or take one of ``buckets`` equal parts of it.

    ``total`` is right as of the last call with a time; times come from a monotonic clock, in seconds.
    """

    __slots__ = ("_buckets", "_per_second", "_size", "_slot", "total")

    def __init__(self, span: float, buckets: int = 10) -> None:
        self._buckets = [0] * buckets
        self._size = buckets
        self._per_second = buckets / span
        self._slot = 0
        self.total = 0

    def add(self, now: float) -> None:
        """Count one."""
        slot = int(now * self._per_second)
        if slot > self._slot:
            self._advance(slot)
        self._buckets[self._slot % self._size] += 1
        self.total += 1

    def at(self, now: float) -> int:
        """Return the count as of ``now``."""
        slot = int(now * self._per_second)
        if slot > self._slot:
            self._advance(slot)
        return self.total

    def clear(self) -> None:
        """Forget everything."""
        self._buckets = [0] * self._size
        self.total = 0

    def _advance(self, slot: int) -> None:
        for passed in range(self._slot + 1, min(slot, self._slot + self._size) + 1):
            index = passed % self._size
            self.total -= self._buckets[index]
            self._buckets[index] = 0
        self._slot = slot

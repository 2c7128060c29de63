"""How long responses take: a sample of times, and its inverse distribution."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable

import msgspec

__all__ = ["Latencies"]

SIZE = 256
_STALE = 20_000  # responses after which old ones count for half
_TAIL = 60.0  # seconds; what takes longer is left out


class Latencies(msgspec.Struct, omit_defaults=True):
    """At most ``size`` times in seconds, in order; each of ``seen`` responses had the same chance to be among them."""

    seen: int = 0
    times: list[float] = []
    size: int = SIZE

    def learn(self, seconds: float, uniform: Callable[[], float]) -> None:
        """Take in one time; ``uniform`` draws numbers from 0 to below 1 (Vitter's algorithm R)."""
        if not 0 <= seconds <= _TAIL:
            return
        self.seen += 1
        if len(self.times) >= self.size:
            place = int(uniform() * self.seen)
            if place >= self.size:
                return
            del self.times[place]
        insort(self.times, round(seconds, 6))

    def merge(self, other: Latencies) -> None:
        """Take in times from elsewhere, in proportion to how many responses they stand for."""
        whole = self.seen + other.seen
        if not whole:
            return
        own = len(self.times)
        size = self.size
        if own + len(other.times) <= size:
            joined = [*self.times, *other.times]
        else:
            share = min(max(round(size * other.seen / whole), 1), size - 1)
            share = max(min(share, len(other.times)), size - own)
            joined = [*_spread(self.times, size - share), *_spread(other.times, share)]
        self.times = sorted(joined)
        self.seen = whole if whole < _STALE else _STALE // 2

    def at(self, uniform: float) -> float:
        """Return the time in seconds below which this share (0 to 1) of responses came, between those seen."""
        times = self.times
        place = min(max(uniform, 0.0), 1.0) * (len(times) - 1)
        index = int(place)
        if index + 1 >= len(times):
            return times[-1]
        return times[index] + (place - index) * (times[index + 1] - times[index])


def _spread(times: list[float], count: int) -> list[float]:
    """Return ``count`` of the times, evenly from the fastest to the slowest."""
    if count >= len(times):
        return times
    step = len(times) / count
    return [times[int((index + 0.5) * step)] for index in range(count)]

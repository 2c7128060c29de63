"""The generic cell rate algorithm (ITU-T I.371, virtual scheduling), as arithmetic on one number per bucket.

A bucket keeps its theoretical arrival time (TAT): when it will be empty again if nothing more comes. A cell is taken if
the bucket would not then be further ahead of the clock than its burst allows.
"""

from __future__ import annotations

from bartizan.storage.state.interface import GcraLimit, GcraResult

__all__ = ["decide", "inspect"]


def decide(limit: GcraLimit, tat: float | None, now: float) -> tuple[float, bool, float]:
    """Return (new TAT, allowed, seconds until a cell may be taken); times are Unix seconds."""
    interval = limit.period / limit.rate
    tolerance = interval * limit.burst
    new = max(now if tat is None else tat, now) + interval
    wait = new - tolerance - now
    return new, wait <= 1e-9, max(0.0, wait)


def inspect(limit: GcraLimit, tat: float, now: float, *, allowed: bool, retry_after: float) -> GcraResult:
    """Return how a bucket with this TAT stands."""
    interval = limit.period / limit.rate
    ahead = max(0.0, tat - now)
    remaining = max(0, int((interval * limit.burst - ahead) / interval + 1e-6))
    return GcraResult(allowed, remaining, retry_after, ahead)

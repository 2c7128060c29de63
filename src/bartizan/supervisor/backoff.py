"""How long to wait before a process that died is started again."""

from __future__ import annotations

__all__ = ["Backoff"]

FIRST = 0.1  # seconds before the second restart; the first is at once
LAST = 10.0
LIVED_LONG = 10.0  # seconds after which a death counts as the first again


class Backoff:
    """Counts the deaths in a row of one process."""

    def __init__(self) -> None:
        self._deaths = 0

    def died(self, lived: float) -> float:
        """Note a death after ``lived`` seconds, 0 if it could not be started; returns the seconds to wait."""
        self._deaths = 1 if lived > LIVED_LONG else self._deaths + 1
        return 0.0 if self._deaths == 1 else min(FIRST * 2.0 ** min(self._deaths - 2, 16), LAST)

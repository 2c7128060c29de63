"""Whether a client moves its bytes fast enough: one deadline, and a minimum rate over a window. No clock inside."""

from __future__ import annotations

__all__ = ["NEVER", "RATE_WINDOW", "Pace"]

NEVER = float("inf")
RATE_WINDOW = 10.0  # seconds over which the minimum rate is judged


class Pace:
    """Watches one direction of one connection at a time: bytes received, or bytes not taken yet."""

    __slots__ = ("_left", "_mark", "_since", "_timeout", "writing_since")

    def __init__(self) -> None:
        self.writing_since = NEVER
        """Since when the client has not taken what was sent; never, if it has."""
        self._since = 0.0
        self._mark = 0
        self._left = 0
        self._timeout = 0.0

    def begin_request(self, now: float) -> None:
        """A request begins: its body is counted from 0."""
        self._since = now
        self._mark = 0

    def begin_writing(self, now: float, unsent: int, timeout: float) -> float:
        """The client takes no more for now; returns the deadline for it to take something."""
        self.writing_since = self._since = now
        self._mark = self._left = unsent
        self._timeout = timeout
        return now + timeout

    def end_writing(self, now: float, received: int) -> None:
        """The client has caught up."""
        self.writing_since = NEVER
        self._since = now
        self._mark = received

    def extend_writing(self, now: float, unsent: int) -> float | None:
        """At the deadline: returns the next one if the client has taken anything since, else None."""
        if unsent >= self._left:
            return None
        self._left = unsent
        return now + self._timeout

    def reads_too_slowly(self, now: float, unsent: int, rate: int) -> bool:
        """Judge a client that should read; ``rate`` in bytes per second."""
        if now - self._since < RATE_WINDOW:
            return False
        slow = unsent > 0 and self._mark - unsent < rate * (now - self._since)
        self._since, self._mark = now, unsent
        return slow

    def sends_too_slowly(self, now: float, received: int, rate: int) -> bool:
        """Judge a client that should send."""
        if now - self._since < RATE_WINDOW:
            return False
        slow = received - self._mark < rate * (now - self._since)
        self._since, self._mark = now, received
        return slow

    def skip(self, now: float, received: int) -> None:
        """It is not the client that is waited for: judge from here."""
        self._since, self._mark = now, received

"""Whether a client moves its bytes fast enough: one deadline, and a minimum rate over a window. No clock inside."""

from __future__ import annotations

from typing import Literal

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

    def judge(
        self, now: float, rate: int, *, unsent: int, received: int, sends: bool
    ) -> Literal["reads too slowly", "sends too slowly"] | None:
        """Judge the client once a window; ``rate`` in bytes a second, ``sends``: the client is waited for."""
        passed = now - self._since
        if passed < RATE_WINDOW:
            return None
        writing = self.writing_since != NEVER
        moved = self._mark - unsent if writing else received - self._mark
        self._since, self._mark = now, unsent if writing else received
        if moved >= rate * passed:
            return None
        if writing:
            return "reads too slowly" if unsent else None
        return "sends too slowly" if sends else None

"""A circuit breaker for an upstream as a whole (Nygard, Release It!): a state machine without a clock.

Theory of operation: while CLOSED, every outcome is counted over a sliding window. When at least ``min_requests``
outcomes are in the window and the share of failures reaches ``failure_ratio``, the breaker has TRIPPED and everything
is refused at once, which spares the upstream and the clients' time. After ``open_time`` it has WAITED and lets
``half_open_requests`` probes through: if all succeed it has RECOVERED, if one fails it has RELAPSED and opens anew.

A probe whose outcome nobody reports (its client went away) must not keep the breaker half-open for ever: ``open_time``
after the last admission, probes without an outcome are forgotten and others admitted in their place. Outcomes that
arrive while OPEN are from before and are ignored. Times are monotonic seconds.
"""

from __future__ import annotations

from enum import Enum

from bartizan.config.model.upstreams import CircuitBreaker
from bartizan.edge.upstreams.window import SlidingCount

__all__ = ["TRANSITIONS", "Circuit", "CircuitState"]


class CircuitState(Enum):
    """What a breaker does with exchanges: let through, refuse, or let a few through to see."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class _Event(Enum):
    TRIPPED = "tripped"
    WAITED = "waited"
    RECOVERED = "recovered"
    RELAPSED = "relapsed"


TRANSITIONS = {
    (CircuitState.CLOSED, _Event.TRIPPED): CircuitState.OPEN,
    (CircuitState.OPEN, _Event.WAITED): CircuitState.HALF_OPEN,
    (CircuitState.HALF_OPEN, _Event.RECOVERED): CircuitState.CLOSED,
    (CircuitState.HALF_OPEN, _Event.RELAPSED): CircuitState.OPEN,
}


class Circuit:
    """One breaker. ``state`` is where it stands; ``allow`` and the outcomes move it."""

    __slots__ = ("_admitted", "_config", "_failures", "_passed", "_requests", "_since", "state")

    def __init__(self, config: CircuitBreaker) -> None:
        self._config = config
        self._requests = SlidingCount(config.window)
        self._failures = SlidingCount(config.window)
        self._since = 0.0  # when it opened, or when the last probe was admitted
        self._admitted = 0
        self._passed = 0
        self.state = CircuitState.CLOSED

    def allow(self, now: float) -> bool:
        """Tell whether an exchange may go to the upstream; while half-open this admits it as a probe."""
        if self.state is CircuitState.CLOSED:
            return True
        if self.state is CircuitState.OPEN:
            if now - self._since < self._config.open_time:
                return False
            self._move(_Event.WAITED, now)
        return self._admit(now)

    def retry_after(self, now: float) -> float:
        """Return in how many seconds an exchange may be let through again; 0 if one may be now."""
        if self.state is CircuitState.CLOSED:
            return 0.0
        return max(0.0, self._since + self._config.open_time - now)

    def succeeded(self, now: float) -> None:
        """Take in an exchange that the upstream answered."""
        if self.state is CircuitState.CLOSED:
            self._requests.add(now)
        elif self.state is CircuitState.HALF_OPEN:
            self._passed += 1
            if self._passed >= self._config.half_open_requests:
                self._move(_Event.RECOVERED, now)

    def failed(self, now: float) -> None:
        """Take in an exchange that failed."""
        if self.state is CircuitState.HALF_OPEN:
            self._move(_Event.RELAPSED, now)
        elif self.state is CircuitState.CLOSED:
            self._requests.add(now)
            self._failures.add(now)
            total = self._requests.total
            if total >= self._config.min_requests and self._failures.total >= self._config.failure_ratio * total:
                self._move(_Event.TRIPPED, now)

    def _admit(self, now: float) -> bool:
        if self._admitted >= self._config.half_open_requests:
            if now - self._since < self._config.open_time:
                return False
            self._admitted = self._passed
        self._admitted += 1
        self._since = now
        return True

    def _move(self, event: _Event, now: float) -> None:
        self.state = TRANSITIONS[self.state, event]
        self._since = now
        self._admitted = self._passed = 0
        self._requests.clear()
        self._failures.clear()

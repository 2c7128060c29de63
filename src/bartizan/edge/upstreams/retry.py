"""When a failed try may be repeated on another node.

A retry is safe where nothing of the request was sent, or where the method is idempotent (RFC 9110 section 9.2.2) and
the body can be sent again. It is useful where another node may do better: not after a response that breaks HTTP, which
says that something is wrong which no one should paper over. It is affordable within a budget, so that a failing
upstream does not get its load multiplied (Google SRE book, chapter 21; Finagle's RetryBudget).
"""

from __future__ import annotations

from bartizan.config.model.upstreams import Retries
from bartizan.edge.upstreams.statuses import status_table
from bartizan.edge.upstreams.window import SlidingCount
from bartizan.errors import UpstreamError, UpstreamTimeout, UpstreamUnavailable, UpstreamUnreachable

__all__ = ["IDEMPOTENT_METHODS", "RetryBudget", "RetryPolicy"]

IDEMPOTENT_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"))
_REPEATABLE = (UpstreamUnreachable, UpstreamTimeout, UpstreamUnavailable)
_WINDOW = 10.0  # seconds
_ALLOWANCE = 3.0  # retries a second that are always allowed: a share of little traffic would be none at all


class RetryBudget:
    """At most ``percent`` of the exchanges of the last ``window`` seconds, plus ``allowance`` a second, are retries."""

    __slots__ = ("_exchanges", "_floor", "_retries", "_share", "count")

    def __init__(self, percent: int, *, window: float = _WINDOW, allowance: float = _ALLOWANCE) -> None:
        self._exchanges = SlidingCount(window)
        self._retries = SlidingCount(window)
        self._share = percent / 100
        self._floor = allowance * window if percent else 0.0
        self.count = self._exchanges.add
        """Count one exchange at a time (monotonic seconds); retries are not exchanges."""

    def take(self, now: float) -> bool:
        """Take one retry out of the budget; returns False if there is none left."""
        allowed = self._floor + self._share * self._exchanges.at(now)
        if self._retries.at(now) + 1 > allowed:
            return False
        self._retries.add(now)
        return True


class RetryPolicy:
    """What the configuration of an upstream says about retries."""

    __slots__ = ("_attempts", "_statuses", "budget")

    def __init__(self, config: Retries) -> None:
        self._attempts = config.attempts
        self._statuses = status_table(config.statuses)
        self.budget = RetryBudget(config.budget_percent)

    def after_error(
        self, error: UpstreamError, method: str, retries: int, *, sent: bool, replayable: bool, stale: bool, now: float
    ) -> bool:
        """Tell whether to try again after ``error``; a yes is taken off the budget.

        ``retries`` counts those already made; ``sent`` tells whether any byte of the request may have reached a node
        in this try; ``replayable`` whether the body can be sent again from its start. A ``stale`` connection (reused,
        and closed without a byte of a response) has cost the node nothing, so that neither the number of attempts nor
        the budget stands against another; but a method that is not idempotent is not repeated even then (RFC 9110
        section 9.2.2: the node may have acted on the request before it closed).
        """
        if sent and not (replayable and method in IDEMPOTENT_METHODS):
            return False
        if stale:
            return True
        return retries < self._attempts and isinstance(error, _REPEATABLE) and self.budget.take(now)

    def after_status(self, status: int, method: str, retries: int, *, replayable: bool, now: float) -> bool:
        """Tell whether to try again after a response with ``status``; a yes is taken off the budget."""
        if not self._statuses[status] or retries >= self._attempts:
            return False
        return replayable and method in IDEMPOTENT_METHODS and self.budget.take(now)

"""What active checks make of a node: a state machine without a clock.

    healthy ──`unhealthy_threshold` bad probes in a row──▶ unhealthy
    unhealthy ──`healthy_threshold` good probes in a row──▶ healthy

A node begins as it was known before, or else healthy: a gateway that starts must not refuse traffic before it has
probed.
"""

from __future__ import annotations

__all__ = ["Health"]


class Health:
    """The health of one node as active checks see it."""

    __slots__ = ("_against", "_thresholds", "healthy")

    def __init__(self, healthy_threshold: int, unhealthy_threshold: int, *, healthy: bool = True) -> None:
        self._thresholds = {True: unhealthy_threshold, False: healthy_threshold}
        self._against = 0
        self.healthy = healthy

    def observe(self, *, good: bool) -> bool:
        """Take in the outcome of one probe; returns whether ``healthy`` changed."""
        if good is self.healthy:
            self._against = 0
            return False
        self._against += 1
        if self._against < self._thresholds[self.healthy]:
            return False
        self.healthy = good
        self._against = 0
        return True

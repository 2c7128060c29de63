"""Passive checks: nodes that fail real exchanges are ejected for a while (Envoy calls it outlier detection).

``consecutive_failures`` in a row eject a node for ``ejection_time``. A node that is ejected again before it has stayed
in for as long as it was out last is ejected in a row: each such time is twice the last, up to ``max_ejection_time``.
No ejection may leave more than ``max_ejection_percent`` of the upstream's nodes out, for whatever reason they are out;
a node that would have been ejected then is looked at again at its next failure. Time is passed in (monotonic seconds).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bartizan.config.model.upstreams import PassiveCheck
from bartizan.edge.upstreams.node import Node

__all__ = ["OutlierDetector"]


class OutlierDetector:
    """Decides which nodes of an upstream are ejected. A success is told by setting ``consecutive_failures`` to 0."""

    def __init__(self, config: PassiveCheck, nodes: Sequence[Node]) -> None:
        self._config = config
        self._nodes = tuple(nodes)

    def failed(self, node: Node, now: float) -> bool:
        """Take in one failure; returns whether it ejected the node (whose ``usable`` is refreshed)."""
        node.consecutive_failures += 1
        if node.ejected or node.consecutive_failures < self._config.consecutive_failures or not self._may_eject(node):
            return False
        in_a_row = node.ejection_time > 0 and now - node.ejected_until < node.ejection_time
        duration = node.ejection_time * 2 if in_a_row else self._config.ejection_time
        node.ejection_time = min(duration, self._config.max_ejection_time)
        node.ejected_until = now + node.ejection_time
        node.ejected = True
        node.refresh()
        return True

    def returned(self, now: float) -> list[Node]:
        """Let those in again whose time is over, and return them."""
        back = [node for node in self._nodes if node.ejected and node.ejected_until <= now]
        for node in back:
            node.ejected = False
            node.consecutive_failures = 0
            node.refresh()
        return back

    def next_return(self) -> float:
        """Return when the next ejection ends; infinity if no node is ejected."""
        return min((node.ejected_until for node in self._nodes if node.ejected), default=float("inf"))

    def _may_eject(self, node: Node) -> bool:
        weighted = _count(other.weight > 0 for other in self._nodes)
        out = _count(other.weight > 0 and not other.usable for other in self._nodes) + int(node.usable)
        return out * 100 <= self._config.max_ejection_percent * weighted


def _count(things: Iterable[bool]) -> int:
    return sum(things)

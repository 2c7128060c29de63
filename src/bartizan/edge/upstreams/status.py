"""What ``/metrics``, ``/readyz`` and ``bartizan explain`` are told about an upstream."""

from __future__ import annotations

from dataclasses import dataclass

from bartizan.edge.upstreams.node import Node

__all__ = ["GroupStatus", "NodeStatus"]


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """One node, in one worker. ``connections`` are idle, in use and connecting; ``picks``, ``failures`` only grow."""

    name: str
    weight: int
    usable: bool
    healthy: bool
    ejected: bool
    draining: bool
    in_flight: int
    connections: int
    idle: int
    pending: int
    picks: int
    failures: int
    addresses: tuple[str, ...]

    @classmethod
    def of(cls, node: Node) -> NodeStatus:
        """Take the snapshot of a node."""
        return cls(
            name=node.name,
            weight=node.weight,
            usable=node.usable,
            healthy=node.healthy,
            ejected=node.ejected,
            draining=node.draining,
            in_flight=node.in_flight,
            connections=node.pool.connections,
            idle=node.pool.idle,
            pending=node.pool.pending,
            picks=node.picks,
            failures=node.failures,
            addresses=tuple(endpoint if isinstance(endpoint, str) else endpoint[0] for endpoint in node.endpoints),
        )


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """One upstream, in one worker. ``circuit`` is ``closed``, ``open``, ``half_open``, or None without a breaker."""

    name: str
    circuit: str | None
    nodes: tuple[NodeStatus, ...]

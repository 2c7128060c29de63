"""A node: one server of an upstream, with all that a worker knows about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bartizan.edge.upstreams.address import Address, Endpoint

if TYPE_CHECKING:
    from bartizan.edge.upstreams.pool import Pool

__all__ = ["Node"]


class Node:
    """One server of an upstream, as one worker sees it.

    ``usable`` is the one thing that the hot path looks at; ``refresh`` derives it from ``weight``, ``healthy``,
    ``ejected`` and ``draining``, and whoever changes one of these calls it.
    """

    __slots__ = (
        "address",
        "authority",
        "consecutive_failures",
        "credit",
        "draining",
        "ejected",
        "ejected_until",
        "ejection_time",
        "endpoints",
        "failures",
        "healthy",
        "in_flight",
        "name",
        "picks",
        "pool",
        "turn",
        "usable",
        "weight",
    )

    pool: Pool[Any]

    def __init__(self, address: Address, weight: int = 1, *, default_port: int = 80) -> None:
        self.address = address
        self.authority = address.authority(default_port)
        """What Host says where it names the node."""
        self.name = address.text
        """The address as configured, for logs and metrics."""
        self.weight = weight
        endpoint = address.endpoint
        self.endpoints: tuple[Endpoint, ...] = () if endpoint is None else (endpoint,)
        """What the address resolved to; empty until a host name has been resolved."""
        self.turn = 0
        """Which of ``endpoints`` is connected to next."""
        self.in_flight = 0
        """Exchanges that hold or wait for a connection to this node."""
        self.credit = 0
        """What smooth weighted round robin owes this node, among those with equally few exchanges."""
        self.picks = 0
        self.failures = 0
        self.healthy = True
        """What active checks say; a node is healthy until proven otherwise."""
        self.consecutive_failures = 0
        self.ejected = False
        self.ejected_until = 0.0
        """When the current or last ejection ends (monotonic seconds); 0 if there was none."""
        self.ejection_time = 0.0
        """How long the current or last ejection lasts, in seconds."""
        self.draining = False
        self.usable = weight > 0

    def refresh(self) -> bool:
        """Derive ``usable`` anew; returns whether it changed."""
        usable = self.weight > 0 and self.healthy and not self.ejected and not self.draining
        changed = usable is not self.usable
        self.usable = usable
        return changed

    def inherit(self, other: Node, *, active: bool, passive: bool) -> None:
        """Take over what was learned about the same address under an earlier configuration.

        ``active`` and ``passive`` tell which checks there still are: what none of them would ever put right is dropped.
        """
        if active:
            self.healthy = other.healthy
        if passive:
            self.consecutive_failures = other.consecutive_failures
            self.ejected = other.ejected
            self.ejected_until = other.ejected_until
            self.ejection_time = other.ejection_time
        if not self.endpoints:
            self.endpoints = other.endpoints
        self.refresh()

    def __repr__(self) -> str:
        return f"Node({self.name!r}, weight={self.weight}, usable={self.usable})"

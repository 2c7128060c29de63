"""Which node gets the next exchange. Pure: no clock, no sockets; nodes tell whether they are usable.

====================  =========================================  ==================================================
balancing             algorithm                                  cost of a pick, n nodes
====================  =========================================  ==================================================
``round_robin``       nginx's smooth weighted round robin        O(1): the cycle is recorded while it first runs
``least_connections`` fewest exchanges per weight; ties smooth   O(min(n, 32))
``consistent_hash``   ketama: a ring of points, bisected         O(log n), plus a walk past unusable nodes
====================  =========================================  ==================================================

All skip unusable nodes and those in ``exclude``, which holds the nodes that a retry has already tried.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from collections.abc import Callable, Container, Sequence
from hashlib import blake2b
from math import gcd
from typing import Generic, Protocol, TypeVar

from bartizan.edge.upstreams.node import Node

__all__ = ["BALANCERS", "Balancer", "ConsistentHash", "LeastConnections", "RoundRobin", "SmoothCycle"]

T = TypeVar("T")

LOOKED_AT = 32  # nodes that least_connections compares at most
MAX_RECORDED = 65536  # picks of one cycle that are kept; a longer cycle is computed pick by pick
POINTS_PER_WEIGHT = 128
MAX_POINTS = 65536


class Balancer(Protocol):
    """A way to choose among the nodes of an upstream."""

    def pick(self, key: bytes | None, exclude: Container[Node] = ()) -> Node | None:
        """Return a usable node that is not in ``exclude``, or None. ``key`` matters to consistent hashing only."""
        ...

    def refresh(self) -> None:
        """Learn that the ``usable`` of some node has changed."""
        ...


class SmoothCycle(Generic[T]):
    """Endless smooth weighted round robin over ``items`` (nginx, ``ngx_http_upstream_get_peer``).

    At each step every item gains its weight in credit, and the one with most credit is taken and pays the sum of all
    weights. Each cycle of ``sum(weights) / gcd(weights)`` steps takes every item exactly in proportion to its weight,
    spread out as evenly as can be. All weights are at least 1, and there is at least one item.
    """

    __slots__ = ("_credits", "_items", "_length", "_position", "_recorded", "_weights")

    def __init__(self, items: Sequence[T], weights: Sequence[int]) -> None:
        divisor = gcd(*weights)
        self._items = tuple(items)
        self._weights = [weight // divisor for weight in weights]
        self._credits = [0] * len(self._items)
        self._length = sum(self._weights)
        self._recorded: list[T] = []
        self._position = 0

    def next(self) -> T:
        """Take the next item."""
        position = self._position
        if position == self._length:
            position = 0
        self._position = position + 1
        try:
            return self._recorded[position]
        except IndexError:
            return self._step()

    def _step(self) -> T:
        credits_, best = self._credits, 0
        for index, weight in enumerate(self._weights):
            credits_[index] += weight
            if credits_[index] > credits_[best]:
                best = index
        credits_[best] -= self._length
        item = self._items[best]
        if self._length <= MAX_RECORDED:
            self._recorded.append(item)
        return item


class RoundRobin:
    """Nodes in turn, in proportion to their weights."""

    __slots__ = ("_cycle", "_last", "_nodes", "_usable")

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = tuple(nodes)
        self._last: Node | None = None
        self.refresh()

    def pick(self, key: bytes | None, exclude: Container[Node] = ()) -> Node | None:  # noqa: ARG002 - Balancer
        """Return the next node, or, if that was tried already, the least loaded of the others."""
        cycle = self._cycle
        if cycle is None:
            return None
        node = self._last = cycle.next()
        if exclude and node in exclude:
            return _least_loaded(self._usable, exclude)
        return node

    def refresh(self) -> None:
        """Start a new cycle over the usable nodes, with the one after the last taken: no node gains by changes."""
        start = 0 if self._last is None else self._nodes.index(self._last) + 1
        self._usable = [node for node in self._nodes[start:] + self._nodes[:start] if node.usable]
        weights = [node.weight for node in self._usable]
        self._cycle = SmoothCycle(self._usable, weights) if weights else None


class LeastConnections:
    """The node with the fewest exchanges in flight per weight; smooth weighted round robin among equals.

    Of more than ``LOOKED_AT`` usable nodes, that many are compared, the next ones at each pick: the best of a few is
    nearly as good as the best of all (Mitzenmacher 2001, The Power of Two Choices), and the cost stays the same.
    """

    __slots__ = ("_nodes", "_start", "_usable")

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = tuple(nodes)
        self.refresh()

    def pick(self, key: bytes | None, exclude: Container[Node] = ()) -> Node | None:  # noqa: ARG002 - Balancer
        """Return the node with the least ``in_flight / weight`` (compared crosswise, so exactly)."""
        nodes = self._usable if len(self._usable) <= LOOKED_AT else self._next_few()
        best, tied = _least(nodes, exclude)
        if best is None and nodes is not self._usable:
            nodes = self._usable
            best, tied = _least(nodes, exclude)
        return _smooth_among_equals(nodes, best, exclude) if tied and best is not None else best

    def refresh(self) -> None:
        """Take in which nodes are usable now."""
        self._start = 0
        self._usable = [node for node in self._nodes if node.usable]
        for node in self._usable:
            node.credit = 0

    def _next_few(self) -> list[Node]:
        start = self._start
        end = start + LOOKED_AT
        few = self._usable[start:end]
        self._start = end
        if end >= len(self._usable):
            self._start = end - len(self._usable)
            few += self._usable[: self._start]
        return few


def _least(nodes: Sequence[Node], exclude: Container[Node]) -> tuple[Node | None, bool]:
    """Return the least loaded node, and whether others are as little loaded."""
    best: Node | None = None
    tied = False
    for node in nodes:
        if exclude and node in exclude:
            continue
        if best is None:
            best = node
            continue
        difference = node.in_flight * best.weight - best.in_flight * node.weight
        if difference < 0:
            best = node
            tied = False
        elif difference == 0:
            tied = True
    return best, tied


def _smooth_among_equals(nodes: Sequence[Node], best: Node, exclude: Container[Node]) -> Node:
    """Take one step of smooth weighted round robin among the nodes that are loaded as little as ``best``."""
    chosen: Node | None = None
    total = 0
    for node in nodes:
        if node.in_flight * best.weight != best.in_flight * node.weight or (exclude and node in exclude):
            continue
        node.credit += node.weight
        total += node.weight
        if chosen is None or node.credit > chosen.credit:
            chosen = node
    if chosen is None:
        return best
    chosen.credit -= total
    return chosen


class ConsistentHash:
    """The same key to the same node as long as that node is usable (ketama: Karger et al. 1997, libketama 2007).

    Each node owns points on a ring of 64-bit numbers, in proportion to its weight, that depend on nothing but its
    address; a key belongs to the owner of the next point at or after its hash. So a node that is added or removed
    moves only keys to or from itself. Points per weight are halved until all fit into ``MAX_POINTS``: only when a
    change of nodes crosses that bound do some other keys move. An unusable node's keys go to the owners of the next
    points, each to another, and come back with it. Without a key, nodes take turns.
    """

    __slots__ = ("_keyless", "_nodes", "_owners", "_points", "_size", "_some")

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = tuple(nodes)
        points = _ring(self._nodes)
        self._points = array("Q", [point for point, _ in points])
        self._owners = array("H", [owner for _, owner in points])
        self._size = len(points)
        self._keyless = RoundRobin(nodes)
        self._some = any(node.usable for node in self._nodes)

    def pick(self, key: bytes | None, exclude: Container[Node] = ()) -> Node | None:
        """Return the node that ``key`` belongs to."""
        if key is None:
            return self._keyless.pick(None, exclude)
        if not self._some:
            return None
        index = bisect_right(self._points, int.from_bytes(blake2b(key, digest_size=8).digest(), "little"))
        node = self._nodes[self._owners[index if index < self._size else 0]]
        if node.usable and not (exclude and node in exclude):
            return node
        return self._walk(index, exclude)

    def refresh(self) -> None:
        """Take in whether any node is usable now."""
        self._some = any(node.usable for node in self._nodes)
        self._keyless.refresh()

    def _walk(self, start: int, exclude: Container[Node]) -> Node | None:
        wanted = {number for number, node in enumerate(self._nodes) if node.usable and node not in exclude}
        for index in range(start, start + self._size if wanted else start):
            owner = self._owners[index % self._size]
            if owner in wanted:
                return self._nodes[owner]
        return None


def _ring(nodes: Sequence[Node]) -> list[tuple[int, int]]:
    total = sum(node.weight for node in nodes)
    density = float(POINTS_PER_WEIGHT)
    while total * density > MAX_POINTS:
        density /= 2
    points: list[tuple[int, int]] = []
    for number, node in enumerate(nodes):
        count = max(1, int(node.weight * density)) if node.weight else 0
        for block in range(0, count, 8):
            digest = blake2b(f"{node.name}#{block}".encode()).digest()
            points += ((point, number) for point in struct.unpack("<8Q", digest)[: count - block])
    return sorted(points)


def _least_loaded(nodes: Sequence[Node], exclude: Container[Node]) -> Node | None:
    rest = [node for node in nodes if node not in exclude]
    return min(rest, key=lambda node: (node.in_flight + 1) / node.weight, default=None)


BALANCERS: dict[str, Callable[[Sequence[Node]], Balancer]] = {
    "round_robin": RoundRobin,
    "least_connections": LeastConnections,
    "consistent_hash": ConsistentHash,
}

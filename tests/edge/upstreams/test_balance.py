from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.edge.upstreams.address import parse_address
from bartizan.edge.upstreams.balance import (
    BALANCERS,
    LOOKED_AT,
    MAX_POINTS,
    ConsistentHash,
    LeastConnections,
    RoundRobin,
    SmoothCycle,
)
from bartizan.edge.upstreams.node import Node


def nodes_of(weights: Sequence[int]) -> list[Node]:
    return [Node(parse_address(f"10.0.{i // 250}.{i % 250}:80"), weight) for i, weight in enumerate(weights)]


def take_out(node: Node, *, back: bool = False) -> None:
    node.healthy = back
    node.refresh()


weights_lists = st.lists(st.integers(0, 12), min_size=1, max_size=6)


def test_the_cycle_is_nginx_s() -> None:
    cycle = SmoothCycle("abc", [5, 1, 1])
    assert "".join(cycle.next() for _ in range(14)) == "aabacaa" * 2


@given(st.lists(st.integers(1, 30), min_size=1, max_size=8))
def test_each_cycle_is_exactly_in_proportion(weights: list[int]) -> None:
    cycle = SmoothCycle(range(len(weights)), weights)
    divisor = gcd(*weights)
    for _ in range(3):
        taken = Counter(cycle.next() for _ in range(sum(weights) // divisor))
        assert [taken[i] for i in range(len(weights))] == [weight // divisor for weight in weights]


def test_a_cycle_too_long_to_record_is_exact_too() -> None:
    weights = [65537, 3, 7919]
    cycle = SmoothCycle(range(3), weights)
    for _ in range(2):
        assert sorted(Counter(cycle.next() for _ in range(sum(weights))).values()) == sorted(weights)


@given(st.sampled_from(sorted(BALANCERS)), weights_lists, st.data())
def test_only_usable_nodes_outside_the_excluded_are_picked_as_long_as_there_are_any(
    kind: str, weights: list[int], data: st.DataObject
) -> None:
    nodes = nodes_of(weights)
    balancer = BALANCERS[kind](nodes)
    for step in range(6):
        for node in nodes:
            take_out(node, back=data.draw(st.booleans()))
            node.in_flight = data.draw(st.integers(0, 3))
        balancer.refresh()
        exclude = set(data.draw(st.lists(st.sampled_from(nodes))))
        allowed = {node for node in nodes if node.usable and node not in exclude}
        for key in (None, b"key %d" % step):
            picked = balancer.pick(key, exclude)
            assert picked in allowed if allowed else picked is None


@given(weights_lists.filter(any))
def test_round_robin_is_exact_over_a_cycle_for_uneven_weights(weights: list[int]) -> None:
    nodes = nodes_of(weights)
    balancer = RoundRobin(nodes)
    total = sum(weights)
    taken = Counter(balancer.pick(None) for _ in range(total))
    assert [taken[node] for node in nodes] == weights


def test_round_robin_goes_on_where_it_was_when_a_node_goes() -> None:
    nodes = nodes_of([1, 1, 1, 1])
    balancer = RoundRobin(nodes)
    assert balancer.pick(None) is nodes[0]
    take_out(nodes[3])
    balancer.refresh()
    assert [balancer.pick(None) for _ in range(3)] == [nodes[1], nodes[2], nodes[0]]


def test_a_retry_goes_to_the_least_loaded_of_the_others() -> None:
    nodes = nodes_of([1, 1, 4])
    nodes[1].in_flight = 1
    balancer = RoundRobin(nodes)
    assert all(balancer.pick(None, {nodes[2]}) in nodes[:2] for _ in range(12))
    balancer = RoundRobin(nodes)
    assert balancer.pick(None, (nodes[2],)) is nodes[0]


def test_least_connections_compares_per_weight() -> None:
    nodes = nodes_of([1, 3, 2])
    nodes[0].in_flight, nodes[1].in_flight, nodes[2].in_flight = 1, 2, 2
    assert LeastConnections(nodes).pick(None) is nodes[1]


@given(st.lists(st.integers(1, 12), min_size=1, max_size=6))
def test_least_connections_among_idle_nodes_is_weighted_round_robin(weights: list[int]) -> None:
    nodes = nodes_of(weights)
    balancer = LeastConnections(nodes)
    taken = Counter(balancer.pick(None) for _ in range(sum(weights)))
    assert [taken[node] for node in nodes] == weights


@given(st.lists(st.integers(1, 9), min_size=1, max_size=LOOKED_AT), st.integers(1, 200))
def test_least_connections_keeps_nodes_filled_in_proportion(weights: list[int], exchanges: int) -> None:
    nodes = nodes_of(weights)
    balancer = LeastConnections(nodes)
    for _ in range(exchanges):
        node = balancer.pick(None)
        assert node is not None
        assert all(node.in_flight * other.weight <= other.in_flight * node.weight for other in nodes)
        node.in_flight += 1


def test_least_connections_among_many_still_reaches_all_and_stays_even() -> None:
    nodes = nodes_of([1] * 100)
    balancer = LeastConnections(nodes)
    for _ in range(1000):
        node = balancer.pick(None)
        assert node is not None
        node.in_flight += 1
    assert min(node.in_flight for node in nodes) >= 9
    assert max(node.in_flight for node in nodes) <= 11


def test_least_connections_looks_at_all_where_all_of_the_few_were_tried() -> None:
    nodes = nodes_of([1] * 100)
    assert LeastConnections(nodes).pick(None, set(nodes[:99])) is nodes[99]


KEYS = [b"key %d" % number for number in range(2000)]


def test_consistent_hash_is_the_same_for_every_worker_whatever_the_order() -> None:
    nodes = nodes_of([1, 2, 3, 1])
    other = ConsistentHash(list(reversed(nodes_of([1, 2, 3, 1]))))
    balancer = ConsistentHash(nodes)
    assert all(balancer.pick(key).name == other.pick(key).name for key in KEYS)  # type: ignore[union-attr]


def test_consistent_hash_spreads_keys_by_weight() -> None:
    nodes = nodes_of([1, 2, 4, 1])
    balancer = ConsistentHash(nodes)
    taken = Counter(balancer.pick(key) for key in KEYS)
    for node in nodes:
        assert 0.7 < taken[node] / (len(KEYS) * node.weight / 8) < 1.3


@given(st.lists(st.integers(1, 5), min_size=2, max_size=12), st.data())
def test_a_removed_node_moves_its_own_keys_only(weights: list[int], data: st.DataObject) -> None:
    nodes = nodes_of(weights)
    gone = data.draw(st.sampled_from(nodes))
    before = ConsistentHash(nodes)
    after = ConsistentHash([node for node in nodes if node is not gone])
    for key in KEYS[:200]:
        owner = before.pick(key)
        assert owner is gone or after.pick(key) is owner


@given(st.integers(2, 12), st.data())
def test_an_unusable_node_s_keys_go_to_others_and_come_back(count: int, data: st.DataObject) -> None:
    nodes = nodes_of([1] * count)
    balancer = ConsistentHash(nodes)
    owners = {key: balancer.pick(key) for key in KEYS[:300]}
    gone = data.draw(st.sampled_from(nodes))
    take_out(gone)
    balancer.refresh()
    heirs = set()
    for key, owner in owners.items():
        picked = balancer.pick(key)
        assert picked is owner or owner is gone
        if owner is gone:
            heirs.add(picked)
    assert len(heirs) >= min(count - 1, 3)
    take_out(gone, back=True)
    balancer.refresh()
    assert all(balancer.pick(key) is owner for key, owner in owners.items())


def test_a_ring_of_many_heavy_nodes_stays_bounded() -> None:
    balancer = ConsistentHash(nodes_of([1000] * 1000))
    assert len(balancer._points) <= MAX_POINTS
    assert len({balancer.pick(key) for key in KEYS}) > 700


def test_exchanges_without_a_key_take_turns() -> None:
    nodes = nodes_of([1, 1, 1])
    balancer = ConsistentHash(nodes)
    assert [balancer.pick(None) for _ in range(4)] == [*nodes, nodes[0]]


@pytest.mark.parametrize("kind", sorted(BALANCERS))
def test_weight_zero_means_no_exchanges(kind: str) -> None:
    nodes = nodes_of([0, 1])
    balancer = BALANCERS[kind](nodes)
    assert {balancer.pick(key) for key in KEYS[:50]} == {nodes[1]}
    assert BALANCERS[kind](nodes_of([0])).pick(b"key") is None

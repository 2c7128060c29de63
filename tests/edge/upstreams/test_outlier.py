from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bartizan.config.model.upstreams import PassiveCheck
from bartizan.edge.upstreams.address import parse_address
from bartizan.edge.upstreams.node import Node
from bartizan.edge.upstreams.outlier import OutlierDetector


def some(count: int) -> list[Node]:
    return [Node(parse_address(f"10.0.0.{number}:80")) for number in range(count)]


def config(**options: object) -> PassiveCheck:
    return PassiveCheck.model_validate({"consecutive_failures": 3, "ejection_time": "10s", **options})


def test_failures_in_a_row_eject_for_a_while() -> None:
    nodes = some(2)
    detector = OutlierDetector(config(), nodes)
    assert [detector.failed(nodes[0], 0.0) for _ in range(3)] == [False, False, True]
    assert not nodes[0].usable
    assert detector.next_return() == 10.0
    assert detector.returned(9.9) == []
    assert detector.returned(10.0) == [nodes[0]]
    assert nodes[0].usable
    assert detector.next_return() == float("inf")


def test_a_success_in_between_starts_the_count_again() -> None:
    nodes = some(2)
    detector = OutlierDetector(config(), nodes)
    detector.failed(nodes[0], 0.0)
    detector.failed(nodes[0], 0.0)
    nodes[0].consecutive_failures = 0
    assert not detector.failed(nodes[0], 0.0)


def eject(detector: OutlierDetector, node: Node, now: float) -> float:
    while not detector.failed(node, now):
        pass
    detector.returned(node.ejected_until)
    return node.ejection_time


def test_ejections_in_a_row_double_up_to_the_limit_and_start_again_after_a_good_time() -> None:
    nodes = some(2)
    detector = OutlierDetector(config(max_ejection_time="35s"), nodes)
    times, now = [], 0.0
    for _ in range(4):
        times.append(eject(detector, nodes[0], now))
        now = nodes[0].ejected_until + 5.0
    assert times == [10.0, 20.0, 35.0, 35.0]
    assert eject(detector, nodes[0], nodes[0].ejected_until + 35.0) == 10.0


def test_a_lone_node_is_not_ejected_at_half() -> None:
    nodes = some(1)
    detector = OutlierDetector(config(max_ejection_percent=50), nodes)
    assert not any(detector.failed(nodes[0], 0.0) for _ in range(20))
    assert OutlierDetector(config(max_ejection_percent=100, consecutive_failures=1), some(1)).failed(some(1)[0], 0.0)


def test_nodes_that_are_out_for_other_reasons_count_too() -> None:
    nodes = some(2)
    nodes[1].healthy = False
    nodes[1].refresh()
    detector = OutlierDetector(config(), nodes)
    assert not any(detector.failed(nodes[0], 0.0) for _ in range(20))


@given(
    st.integers(1, 8),
    st.integers(0, 100),
    st.lists(st.tuples(st.integers(0, 7), st.booleans(), st.integers(0, 8)), max_size=120),
)
def test_never_more_are_out_than_the_share_and_all_come_back(
    count: int, percent: int, steps: list[tuple[int, bool, int]]
) -> None:
    nodes = some(count)
    detector = OutlierDetector(config(max_ejection_percent=percent), nodes)
    now = 0.0
    for index, good, pause in steps:
        now += pause
        detector.returned(now)
        node = nodes[index % count]
        if good:
            node.consecutive_failures = 0
        else:
            detector.failed(node, now)
        assert sum(node.ejected for node in nodes) * 100 <= percent * count
        assert all(node.ejected is not node.usable for node in nodes)
        assert all(0.0 <= node.ejection_time <= 300.0 for node in nodes)
    detector.returned(now + 300.0)
    assert all(node.usable for node in nodes)

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.config.model.routes import Split
from bartizan.edge.upstreams.split import TrafficSplit
from bartizan.http.headers import Headers
from bartizan.http.message import Request


def request(**headers: str) -> Request:
    return Request("GET", b"/", Headers.of((name.replace("_", "-"), value) for name, value in headers.items()))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=5).filter(any))
def test_shares_are_exact_over_a_cycle(weights: list[int]) -> None:
    split = TrafficSplit([Split(upstream=f"u{index}", weight=weight) for index, weight in enumerate(weights)])
    taken = Counter(split.choose(request()) for _ in range(sum(weights)))
    assert [taken[f"u{index}"] for index in range(len(weights))] == weights


def test_headers_that_match_win_over_weights() -> None:
    split = TrafficSplit(
        [
            Split(upstream="stable", weight=100),
            Split(upstream="canary", weight=0, headers={"X-Canary": "yes", "X-Tester": "*"}),
            Split(upstream="debug", weight=0, headers={"X-Canary": "*"}),
        ]
    )
    assert split.choose(request(x_canary="yes", x_tester="kim")) == "canary"
    assert split.choose(request(x_canary="yes")) == "debug"
    assert split.choose(request(x_tester="kim")) == "stable"
    assert split.choose(request()) == "stable"


def test_any_of_repeated_fields_may_match() -> None:
    split = TrafficSplit([Split(upstream="a"), Split(upstream="b", weight=0, headers={"x-v": "2"})])
    repeated = Request("GET", b"/", Headers([(b"x-v", b"1"), (b"x-v", b"2")]))
    assert split.choose(repeated) == "b"


def test_a_split_that_leaves_exchanges_nowhere_to_go_is_refused() -> None:
    with pytest.raises(ValueError, match="weight 1 or more"):
        TrafficSplit([Split(upstream="canary", weight=0, headers={"x": "*"})])

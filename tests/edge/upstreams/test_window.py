from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bartizan.edge.upstreams.window import SlidingCount


@given(st.lists(st.integers(min_value=0, max_value=400), max_size=60).map(sorted), st.integers(0, 400))
def test_the_count_is_right_to_one_bucket(quarters: list[int], later: int) -> None:
    window = SlidingCount(10.0, buckets=10)
    times = [quarter / 4 for quarter in quarters]
    for time in times:
        window.add(time)
    now = (times[-1] if times else 0.0) + later / 4
    count = window.at(now)
    assert sum(now - 9 < time for time in times) <= count <= sum(now - 10 <= time for time in times)


def test_time_that_stands_still_or_steps_back_does_no_harm() -> None:
    window = SlidingCount(10.0)
    window.add(100.0)
    window.add(50.0)
    assert window.at(100.0) == 2
    assert window.at(1e9) == 0


def test_a_cleared_window_starts_again() -> None:
    window = SlidingCount(10.0)
    window.add(5.0)
    window.clear()
    window.add(5.0)
    assert window.at(5.0) == 1
    assert window.at(30.0) == 0

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bartizan.edge.upstreams.health import Health


@given(st.integers(1, 5), st.integers(1, 5), st.lists(st.booleans(), max_size=40), st.booleans())
def test_health_changes_exactly_after_a_run_of_the_opposite(
    rise: int, fall: int, probes: list[bool], first: bool
) -> None:
    health = Health(rise, fall, healthy=first)
    expected, run = first, 0
    for good in probes:
        run = 0 if good is expected else run + 1
        changes = run >= (fall if expected else rise)
        if changes:
            expected, run = good, 0
        assert health.observe(good=good) is changes
        assert health.healthy is expected

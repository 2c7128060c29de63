import random

from hypothesis import given
from hypothesis import strategies as st

from bartizan.detection.profile.latency import SIZE, Latencies

times = st.lists(st.floats(0, 5), min_size=1, max_size=20)


def learned(values: list[float], seed: int = 1) -> Latencies:
    latencies, draw = Latencies(), random.Random(seed)
    for value in values:
        latencies.learn(value, draw.random)
    return latencies


@given(times, st.floats(0, 1))
def test_what_is_drawn_lies_between_what_was_seen(values: list[float], uniform: float) -> None:
    drawn = learned(values).at(uniform)
    assert min(values) - 1e-6 <= drawn <= max(values) + 1e-6


@given(times)
def test_later_shares_take_longer(values: list[float]) -> None:
    latencies = learned(values)
    drawn = [latencies.at(share / 20) for share in range(21)]
    assert drawn == sorted(drawn)


def test_the_sample_is_bounded_and_like_the_whole() -> None:
    draw = random.Random(2)
    latencies = learned([draw.expovariate(100) for _ in range(20_000)])
    assert len(latencies.times) == SIZE
    assert 0.0045 < latencies.at(0.5) < 0.0095  # the median is ln 2 / 100


def test_merging_weighs_by_how_many_were_seen() -> None:
    one, other = learned([0.01] * 900), learned([1.0] * 300)
    one.merge(other)
    assert len(one.times) == SIZE
    assert one.seen == 1200
    assert one.at(0.6) == 0.01
    assert one.at(0.9) == 1.0
    few = learned([0.5])
    few.merge(Latencies())
    few.merge(learned([0.7]))
    assert few.times == [0.5, 0.7]


def test_nonsense_is_left_out() -> None:
    assert learned([-1.0, 1e9, float("nan")]).times == []

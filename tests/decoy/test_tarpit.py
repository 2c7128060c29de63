import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.config.model.deception import Tarpit as Settings
from bartizan.decoy.tarpit import Drip, Tarpit


def tarpit(**changes: object) -> Tarpit:
    return Tarpit(Settings.model_validate({"at": 80, "sockets": 2, "bytes": 1000, "duration": "10s", **changes}))


def test_the_worst_are_answered_drop_by_drop_for_as_long_as_it_says() -> None:
    drip = tarpit().enter(85.0, 100, 1.0)
    assert drip == Drip(10, 1.0)


def test_short_answers_have_fewer_and_slower_drops() -> None:
    assert tarpit().enter(85.0, 4, 1.0) == Drip(4, 2.5)
    assert tarpit(duration="1h").enter(85.0, 4, 1.0) == Drip(4, 15.0)


@pytest.mark.parametrize(("risk", "size"), [(79.9, 100), (85.0, 1), (85.0, 0), (85.0, 1001)])
def test_who_is_less_risky_and_what_is_too_small_or_large_goes_at_normal_pace(risk: float, size: int) -> None:
    assert tarpit().enter(risk, size, 1.0) is None


def test_without_a_threshold_there_is_no_tarpit() -> None:
    assert tarpit(at=None).enter(100.0, 100, 1.0) is None


def test_beyond_the_sockets_answers_go_at_normal_pace() -> None:
    pit = tarpit()
    assert pit.enter(90.0, 10, 1.0)
    assert pit.enter(90.0, 10, 1.0)
    assert pit.enter(90.0, 10, 1.0) is None
    pit.leave()
    assert pit.enter(90.0, 10, 1.0)


def test_beyond_the_bytes_of_a_second_answers_go_at_normal_pace() -> None:
    pit = tarpit(sockets=100)
    assert pit.enter(90.0, 900, 1.0)
    assert pit.enter(90.0, 900, 1.1) is None
    assert pit.held == 1
    assert pit.enter(90.0, 900, 2.0)


@given(st.binary(min_size=1, max_size=200), st.integers(1, 60))
def test_drops_make_up_the_body(body: bytes, pieces: int) -> None:
    assert b"".join(Drip(pieces, 1.0).drops(body)) == body

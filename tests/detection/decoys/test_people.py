from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.support.decoys import KEY

from bartizan.detection.decoys.people import person
from bartizan.detection.fakes.keyed import Keyed


@given(st.integers(0, 10**9))
def test_people_are_the_same_each_time_and_fit_into_quotes(number: int) -> None:
    somebody = person(Keyed(KEY, "here"), number)
    assert somebody == person(Keyed(KEY, "there"), number)
    assert somebody.first
    assert somebody.last
    assert "@" in somebody.email
    assert not set("'\"") & set("".join(somebody))


def test_they_differ_from_number_to_number() -> None:
    assert len({person(Keyed(KEY), number).email for number in range(50)}) > 45

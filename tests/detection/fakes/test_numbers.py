import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.detection.fakes.schemas import numbers

from bartizan.detection.fakes.checking import fits
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.numbers import fake_number
from bartizan.detection.fakes.plain import lookup_in

KEY = b"k" * 32


@given(numbers, st.integers(0, 9), st.sampled_from([("id",), ("price",), ("created", "at"), ()]))
def test_numbers_are_within_their_limits(schema: dict[str, Any], label: int, words: tuple[str, ...]) -> None:
    value = fake_number(schema, Keyed(KEY, label), words, whole=False)
    assert fits(value, schema, lookup_in({}))
    assert math.isfinite(value)


def test_integers_are_integers_even_with_odd_steps() -> None:
    for label in range(20):
        assert isinstance(fake_number({"multipleOf": 2.5}, Keyed(KEY, label), (), whole=True), int)
        assert fake_number({"multipleOf": 2.5, "maximum": 40}, Keyed(KEY, label), (), whole=True) % 5 == 0


def test_times_are_of_the_last_years_and_ids_of_a_table_that_has_grown() -> None:
    for label in range(20):
        assert 1.6e9 < fake_number({"format": "int64"}, Keyed(KEY, label), ("created", "at"), whole=True) < 1.8e9
        assert 1000 <= fake_number({}, Keyed(KEY, label), ("order", "id"), whole=True) <= 90000

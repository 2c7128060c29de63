from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.factors.numbers import new_number, same_number


def test_numbers_have_two_digits_and_are_all_used() -> None:
    assert {new_number() for _ in range(5000)} == {str(number) for number in range(10, 100)}


@given(st.text(st.characters(codec=None), max_size=5))
def test_only_the_number_shown_is_right(entered: str) -> None:
    assert same_number("42", entered) is (entered == "42")


def test_where_no_number_is_shown_none_is_right() -> None:
    assert not same_number("", "")

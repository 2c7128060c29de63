import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.perimeter.waf.operators.reference import check

from bartizan.perimeter.waf.operators.numbers import read_int, read_long

_EDGES = [0, 1, 5, 2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**63, 10**25]
_NUMBERS = st.one_of(st.integers(-20, 20), st.sampled_from(_EDGES), st.sampled_from(_EDGES).map(lambda edge: -edge))


@st.composite
def numbers(draw: st.DrawFn) -> bytes:
    """A number as C reads it, with white space, a sign, zeros before and anything behind."""
    sign = draw(st.sampled_from(["", "", "+", "-"]))
    before, zeros = draw(st.sampled_from(["", " ", "\t\v"])), draw(st.sampled_from(["", "000"]))
    return f"{before}{sign}{zeros}{draw(_NUMBERS)}{draw(st.sampled_from(['', ' ', 'x', '.5', '_0']))}".encode()


@given(_NUMBERS, st.lists(st.one_of(numbers(), st.binary(max_size=4)), max_size=8))
def test_comparisons_agree_with_the_reference(argument: int, values: list[bytes]) -> None:
    for operator in ("eq", "ge", "gt", "le", "lt"):
        check(operator, str(argument).encode(), [*values, str(argument).encode(), b""])


@pytest.mark.parametrize(
    ("text", "number"),
    [(b"", 0), (b"x", 0), (b" +7", 7), (b"-7x", -7), (b"1_0", 1), (b"0x10", 0), (b"9" * 5000, 2**63 - 1)],
)
def test_numbers_are_read_as_in_c(text: bytes, number: int) -> None:
    assert read_long(text) == number


def test_eq_takes_what_does_not_fit_for_zero() -> None:
    assert read_int(b"4294967296") == 0
    assert read_int(b"-2147483648") == -2147483648

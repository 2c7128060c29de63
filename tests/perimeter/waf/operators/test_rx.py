import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.perimeter.waf.operators.reference import check

from bartizan.perimeter.waf.operators import Context, OperatorError
from bartizan.perimeter.waf.operators.rx import rx, rx_global

_PATTERNS = st.sampled_from(
    [
        "(a)(b)?",
        "(a)|(b)(c)?(d)",
        "a*",
        "^.",
        "b|$",
        "(?i)A(\\s)",
        "é+",
        "[^a]",
        "a.c",
        "^b$",
        "\\x61{2}",
        "(?<!a)b",
        "c++",
    ]
)
_VALUES = st.lists(st.text(alphabet="aabcd\n Aé", max_size=7).map(str.encode))


@given(_PATTERNS, _VALUES)
def test_rx_agrees_with_the_reference(pattern: str, values: list[bytes]) -> None:
    check("rx", pattern.encode(), values)


@given(_PATTERNS, _VALUES)
def test_rx_global_agrees_with_the_reference(pattern: str, values: list[bytes]) -> None:
    check("rxGlobal", pattern.encode(), values)


def test_rx_captures_the_match_and_the_groups() -> None:
    assert rx(b"(a)|(b)(c)?(d)", Context())(b"bd") == (b"bd", b"", b"b", b"", b"d")
    assert rx(b"(a)(b)?", Context())(b"a") == (b"a", b"a")


def test_rx_global_stops_to_capture() -> None:
    found = rx_global(b"a", Context())(b"a" * 1000)
    assert found == (b"a",) * 100


@pytest.mark.parametrize("operator", [rx, rx_global])
def test_an_invalid_expression_is_told(operator: object) -> None:
    with pytest.raises(OperatorError, match="an unclosed group at byte 1 of the regular expression"):
        operator(b"a(", Context())  # type: ignore[operator]

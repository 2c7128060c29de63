from hypothesis import given
from hypothesis import strategies as st
from tests.perimeter.waf.operators.reference import check

from bartizan.perimeter.waf.operators import Context
from bartizan.perimeter.waf.operators.text import contains_word, no_match, unconditional_match, within

_VALUES = st.text(alphabet="abAB 1é\0_", max_size=8).map(str.encode)
_ARGUMENTS = st.text(alphabet="abAB1é_.", min_size=1, max_size=4).map(str.encode)


@st.composite
def cases(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """An argument, and values that often hold it or are held by it."""
    argument = draw(_ARGUMENTS)
    around = draw(st.lists(st.tuples(_VALUES, _VALUES), max_size=4))
    values = [before + argument + after for before, after in around]
    return argument, [
        *values,
        argument,
        argument + argument,
        argument[1:],
        argument[:-1],
        b"",
        *draw(st.lists(_VALUES)),
    ]


@given(cases())
def test_comparisons_agree_with_the_reference(case: tuple[bytes, list[bytes]]) -> None:
    argument, values = case
    for operator in ("beginsWith", "contains", "containsWord", "endsWith", "streq", "strmatch", "within"):
        check(operator, argument, values)


@given(st.lists(_VALUES))
def test_the_operators_without_argument_agree_with_the_reference(values: list[bytes]) -> None:
    check("noMatch", b"", values)
    check("unconditionalMatch", b"", values)


def test_within_looks_for_the_value_anywhere_in_the_argument() -> None:
    operator = within(b"GET POST", Context())
    assert operator(b"POST") == ()
    assert operator(b"T P") == ()
    assert operator(b"") == ()
    assert operator(b"post") is None


def test_a_word_ends_at_all_but_letters() -> None:
    operator = contains_word(b"or", Context())
    assert operator(b"1or1") == ()
    assert operator(b"for or") == ()
    assert operator(b"form") is None


def test_an_empty_word_is_in_every_value() -> None:
    assert contains_word(b"", Context())(b"x") == ()


def test_the_extremes() -> None:
    assert unconditional_match(b"", Context())(b"") == ()
    assert no_match(b"", Context())(b"") is None

import pytest

from bartizan.perimeter.waf.operators.pcre import sets
from bartizan.perimeter.waf.operators.pcre.errors import PatternError
from bartizan.perimeter.waf.operators.pcre.nodes import (
    EMPTY,
    Alternation,
    Assertion,
    Atomic,
    Beyond,
    Group,
    Mode,
    OneByte,
    Place,
    Repeat,
    Sequence,
)
from bartizan.perimeter.waf.operators.pcre.parser import parse

_A, _B = OneByte(sets.of(b"a")), OneByte(sets.of(b"b"))


@pytest.mark.parametrize(
    ("pattern", "node"),
    [
        (b"", EMPTY),
        (b"a", _A),
        (b"ab", Sequence((_A, _B))),
        (b"a|b", Alternation((_A, _B))),
        (b"(a)(?:b)", Sequence((Group(_A, 1), _B))),
        (b"(?>a)", Atomic(_A, 0)),
        (b"(?i)a", OneByte(sets.of(b"aA"))),
        (b"(?i:a)b", Sequence((OneByte(sets.of(b"aA")), _B))),
        (b"(?:(?i)a|a)a", Sequence((Alternation((OneByte(sets.of(b"aA")), OneByte(sets.of(b"aA")))), _A))),
        (b"a{2}", Repeat(_A, 2, 2, Mode.GREEDY, 0)),
        (b"a{,3}?", Repeat(_A, 0, 3, Mode.LAZY, 0)),
        (b"a{ 1, }+", Repeat(_A, 1, None, Mode.POSSESSIVE, 0)),
        (b"(?U)a+", Repeat(_A, 1, None, Mode.LAZY, 4)),
        (b"a{", Sequence((_A, OneByte(sets.of(b"{"))))),
        (b"(?x) a +#c\n", Repeat(_A, 1, None, Mode.GREEDY, 5)),
        (b"\\Qab\\E+", Sequence((_A, Repeat(_B, 1, None, Mode.GREEDY, 3)))),
        (b"^", Assertion(Place.LINE_START, 0)),
        (b"(?-m)^$", Sequence((Assertion(Place.TEXT_START, 5), Assertion(Place.LAST_LINE_END, 6)))),
        (b"(?-s).", OneByte(sets.NOT_NEWLINE)),
        (b"(?=a)", Beyond(EMPTY, "a look-around", 0)),
    ],
)
def test_a_pattern_is_read(pattern: bytes, node: object) -> None:
    assert parse(pattern)[0] == node


@pytest.mark.parametrize(
    ("pattern", "problem", "position"),
    [
        (b"a**", "a quantifier without anything to repeat", 2),
        (b"^*", "a quantifier without anything to repeat", 0),
        (b"(?i)+", "a quantifier without anything to repeat", 0),
        (b"a|{1}", "a quantifier without anything to repeat", 2),
        (b"a{3,1}", "a repeat count out of order", 1),
        (b"a{65536}", "a repeat count above 65535", 1),
        (b"(a", "an unclosed group", 0),
        (b"a)", "a closing parenthesis without an opening one", 1),
        (b"(?#a", "unclosed comment", 3),
        (b"(*UTF)a", "a verb or setting", 0),
        (b"(" * 200 + b")" * 200, "more than 100 groups in each other", 101),
    ],
)
def test_an_error_tells_what_and_where(pattern: bytes, problem: str, position: int) -> None:
    with pytest.raises(PatternError) as raised:
        parse(pattern)
    assert raised.value.problem.startswith(problem)
    assert raised.value.position == position


def test_a_search_that_starts_at_the_start_begins_the_text() -> None:
    node, same = parse(rb"\Ga\\G")
    assert same == rb"\Aa\\G"
    assert node.items[0] == Assertion(Place.TEXT_START, 0)  # type: ignore[union-attr]

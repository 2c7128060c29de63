import pytest

from bartizan.perimeter.waf.operators.pcre.facts import (
    LineStarts,
    literal,
    matches_empty_text,
    may_take_nothing,
    may_take_something,
    rank_line_starts,
)
from bartizan.perimeter.waf.operators.pcre.parser import parse


@pytest.mark.parametrize("pattern", [rb"", rb"a*", rb"^$", rb"a|", rb"(?:a|b?)+", rb"\B", rb"(?!a)"])
def test_some_match_the_empty_text(pattern: bytes) -> None:
    assert matches_empty_text(parse(pattern)[0])


@pytest.mark.parametrize("pattern", [rb"a", rb"^.$", rb"a+|b", rb"\b", rb"(a)"])
def test_others_do_not(pattern: bytes) -> None:
    assert not matches_empty_text(parse(pattern)[0])


def test_what_takes_nothing_or_something() -> None:
    assert may_take_nothing(parse(rb"\b")[0])
    assert not may_take_nothing(parse(rb"\ba")[0])
    assert may_take_something(parse(rb"^(?:a|$)")[0])
    assert not may_take_something(parse(rb"^$|a{0}")[0])


@pytest.mark.parametrize(
    ("pattern", "rank"),
    [
        (rb"^a", LineStarts.EXACT),
        (rb"a?b", LineStarts.EXACT),
        (rb"^a*$", LineStarts.LEADING),
        (rb"^$|b", LineStarts.LEADING),
        (rb"(?:^|b)(?:)", LineStarts.LEADING),
        (rb"\n^", LineStarts.INNER),
        (rb"(?:^|b)+", LineStarts.INNER),
        (rb"\n^\b", LineStarts.EXACT),
        (rb"\A^", LineStarts.LEADING),
    ],
)
def test_where_line_starts_may_end_a_text(pattern: bytes, rank: LineStarts) -> None:
    assert rank_line_starts(parse(pattern)[0]) is rank


def test_plain_texts_are_literals() -> None:
    assert literal(parse(rb"a\.b")[0]) == b"a.b"
    assert literal(parse(rb"a")[0]) == b"a"
    for pattern in (rb"", rb"[ab]", rb"a+", rb"(a)", rb"^a"):
        assert literal(parse(pattern)[0]) is None

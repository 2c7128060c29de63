import hyperscan
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.perimeter.waf.operators.pcre.reference import InvalidPatternError, Reference, patterns, texts

from bartizan.perimeter.waf.operators.pcre import translate
from bartizan.perimeter.waf.operators.pcre.hyperscan import write_hyperscan
from bartizan.perimeter.waf.operators.pcre.parser import parse

_FLAGS = hyperscan.HS_FLAG_DOTALL | hyperscan.HS_FLAG_MULTILINE | hyperscan.HS_FLAG_SINGLEMATCH


def _note(number: int, start: int, end: int, flags: int, hits: list[int]) -> None:
    hits.append(number)


def _gate(pattern: bytes) -> hyperscan.Database | None:
    """Compile a gate; None if Hyperscan sees that it can never match."""
    translated = translate(pattern)
    flags = _FLAGS | (hyperscan.HS_FLAG_ALLOWEMPTY if translated.nothing else 0)
    for more in (0, hyperscan.HS_FLAG_PREFILTER):
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        try:
            database.compile(expressions=[translated.hyperscan], ids=[0], elements=1, flags=[flags | more])
        except hyperscan.error as error:
            if "never match" in str(error):
                return None
            if more:
                raise
        else:
            break
    return database


@given(patterns, st.lists(texts, min_size=2))
def test_hyperscan_takes_what_is_written_and_misses_no_match(pattern: bytes, values: list[bytes]) -> None:
    try:
        reference = Reference(pattern)
    except InvalidPatternError:
        assume(False)
        raise
    gate = _gate(pattern)
    for value in values:
        try:
            matches = reference.search(value) is not None
        except AssertionError:  # PCRE2 gave up
            continue
        if matches:
            assert gate is not None
            hits: list[int] = []
            gate.scan(value, _note, 0, hits)
            assert hits


@given(patterns, texts, texts)
def test_values_may_be_joined_by_newlines(pattern: bytes, before: bytes, after: bytes) -> None:
    try:
        reference = Reference(pattern)
        value = b"ab A\n_"
        assume(reference.search(value) is not None)
    except (InvalidPatternError, AssertionError):
        assume(False)
        raise
    gate = _gate(pattern)
    assert gate is not None
    hits: list[int] = []
    gate.scan(before + b"\n" + value + b"\n" + after, _note, 0, hits)
    assert hits


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (rb"\Aab\z", b"^ab$"),
        (rb"(?:a|\z)b", b"(?:a|)b"),
        (rb"(a)(?=b)\1", b"aa"),
        (rb"(?i:ab1)", b"(?i:ab)1"),
        (rb"a{2000}b{2,3000}", b"a{1000,}b{2,}"),
        (rb"a++(?>b|c)", b"a+(?:b|c)"),
        (rb"a{0}b", b"b"),
    ],
)
def test_what_is_written_is_a_wider_pattern(pattern: bytes, expected: bytes) -> None:
    assert write_hyperscan(parse(pattern)[0]) == expected

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.perimeter.waf.operators.pcre.reference import InvalidPatternError, Reference

from bartizan.perimeter.waf.operators.pcre.classes import read_class
from bartizan.perimeter.waf.operators.pcre.cursor import Cursor, Options
from bartizan.perimeter.waf.operators.pcre.errors import PatternError
from bartizan.perimeter.waf.operators.pcre.nodes import OneByte
from bartizan.perimeter.waf.operators.pcre.sets import members

_PIECES = [
    b"a",
    b"z",
    b"-",
    b"]",
    b"^",
    b"[",
    b"\\d",
    b"\\]",
    b"[:alpha:]",
    b"[:^digit:]",
    b"\\Q",
    b"\\E",
    b"\\x41",
    b"Z",
    b"\\n",
    b" ",
    b":",
]


def _read(text: bytes, options: Options) -> list[int] | None:
    """Return the bytes of a class, None if it is not valid or does not end with the text."""
    cursor = Cursor(text, options)
    cursor.at = 1
    try:
        found = read_class(cursor)
    except PatternError:
        return None
    assert isinstance(found, OneByte)
    return list(members(found.bytes)) if cursor.at_end() else None


@given(st.lists(st.sampled_from(_PIECES), max_size=7).map(b"".join), st.sampled_from([b"", b"i", b"xx"]))
def test_a_class_is_read_as_by_pcre2(inner: bytes, option: bytes) -> None:
    found = _read(
        b"[" + inner + b"]", Options(caseless=option == b"i", extended=option == b"xx", extended_more=option == b"xx")
    )
    if found is None:
        return
    try:
        reference = Reference(b"(?%b)[" % option + inner + b"]")
    except InvalidPatternError as error:
        if error.hyphen:
            return
        raise
    assert found == [byte for byte in range(256) if reference.search(bytes((byte,))) is not None]


@given(st.lists(st.sampled_from(_PIECES), max_size=7).map(b"".join))
def test_what_pcre2_refuses_is_refused(inner: bytes) -> None:
    try:
        Reference(b"[" + inner + b"]")
    except InvalidPatternError as error:
        found = _read(b"[" + inner + b"]", Options())
        refused = found is None or error.hyphen
    else:
        refused = True
    assert refused


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"[\\d-z]", b"-0123456789z"),
        (b"[a-\\d]", b"-0123456789a"),
        (b"[\\d-\\d]", b"-0123456789"),
        (b"[[:digit:]-x-z]", b"-0123456789xyz"),
        (b"[\\v-\\x22]", b'\n\v\f\r"-\x85'),
        (b"[\\d-]", b"-0123456789"),
    ],
)
def test_a_hyphen_beside_a_class_is_a_hyphen(text: bytes, expected: bytes) -> None:
    assert _read(text, Options()) == sorted(expected)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"[a", "an unclosed character class at byte 0"),
        (b"[z-a]", "a range out of order at byte 2"),
        (b"[\\d-", "an unclosed character class at byte 0"),
        (b"[[:no:]]", r"unknown class \[:no:\] at byte 1"),
        (b"[[.a.]]", "a collating element cannot be used at byte 1"),
        (b"[:alpha:]", "outside a character class at byte 0"),
    ],
)
def test_an_error_tells_the_place(text: bytes, problem: str) -> None:
    cursor = Cursor(text, Options())
    cursor.at = 1
    with pytest.raises(PatternError, match=problem):
        read_class(cursor)

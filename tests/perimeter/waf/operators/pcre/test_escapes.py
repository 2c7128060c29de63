import pytest

from bartizan.perimeter.waf.operators.pcre.cursor import Cursor, Options
from bartizan.perimeter.waf.operators.pcre.errors import PatternError
from bartizan.perimeter.waf.operators.pcre.escapes import read_class_escape, read_escape
from bartizan.perimeter.waf.operators.pcre.nodes import Beyond, OneByte
from bartizan.perimeter.waf.operators.pcre.sets import ESCAPES


def _cursor(escape: bytes) -> Cursor:
    cursor = Cursor(escape, Options())
    cursor.at = 1
    return cursor


@pytest.mark.parametrize(
    ("escape", "byte"),
    [
        (rb"\x41", 0x41), (rb"\x4", 4), (rb"\x", 0), (rb"\x{ 41 }", 0x41), (rb"\x{0}", 0), (rb"\o{101}", 0x41),
        (rb"\0", 0), (rb"\012", 0o12), (rb"\101", 0o101), (rb"\e", 0x1B), (rb"\cA", 1), (rb"\c[", 0x1B), (rb"\_", 0x5F),
        (b"\\\xe9", 0xE9), (rb"\t", 9), (rb"\-", 0x2D),
    ],
)  # fmt: skip
def test_some_stand_for_a_byte(escape: bytes, byte: int) -> None:
    assert read_escape(_cursor(escape)) == byte


@pytest.mark.parametrize(
    "escape",
    [
        rb"\y",
        rb"\x{100}",
        rb"\x{}",
        rb"\x{4g}",
        rb"\o",
        rb"\777",
        b"\\c\xff",
        b"\\",
        rb"\p{nope}",
        rb"\N{U+41}",
        rb"\g",
    ],
)
def test_others_are_not_valid(escape: bytes) -> None:
    with pytest.raises(PatternError):
        read_escape(_cursor(escape))


@pytest.mark.parametrize(
    "escape", [rb"\1", rb"\8", rb"\99", rb"\g{1}", rb"\g1", rb"\g{-1}", rb"\k<n>", rb"\k{n}", rb"\K", rb"\X"]
)
def test_some_are_beyond_re2(escape: bytes) -> None:
    cursor = _cursor(escape)
    assert isinstance(read_escape(cursor), Beyond)
    assert cursor.at_end()


def test_two_digits_are_a_reference_only_if_there_are_as_many_groups() -> None:
    cursor = _cursor(rb"\12")
    assert read_escape(cursor) == 0o12
    cursor = _cursor(rb"\12")
    cursor.groups = 12
    assert isinstance(read_escape(cursor), Beyond)


def test_classes_have_their_own() -> None:
    assert read_class_escape(_cursor(rb"\b")) == 8
    assert read_class_escape(_cursor(rb"\8")) == ord("8")
    assert read_class_escape(_cursor(rb"\12")) == 0o12
    assert read_class_escape(_cursor(rb"\d")) == OneByte(ESCAPES["d"])
    for escape in (rb"\B", rb"\R", rb"\N", rb"\A", rb"\K", b"\\"):
        with pytest.raises(PatternError):
            read_class_escape(_cursor(escape))

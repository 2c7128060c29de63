import pytest

from bartizan.perimeter.waf.operators.pcre.cursor import Cursor, Options
from bartizan.perimeter.waf.operators.pcre.errors import PatternError


def test_it_reads_on() -> None:
    cursor = Cursor(b"abc 12)", Options())
    assert cursor.skip(b"ab")
    assert not cursor.skip(b"x")
    assert cursor.take() == ord("c")
    cursor.skip_blanks()
    assert cursor.run(b"0123456789", 1) == b"1"
    assert cursor.until(b")", "unclosed") == b"2"
    assert cursor.at_end()
    assert cursor.peek() == b""


def test_what_does_not_end_is_told() -> None:
    with pytest.raises(PatternError, match="unclosed at byte 0"):
        Cursor(b"abc", Options()).until(b")", "unclosed")


def test_quoted_bytes_stand_for_themselves() -> None:
    cursor = Cursor(b"\\Q#\\E#", Options())
    assert cursor.enter_literal()
    assert cursor.take() == ord("#")
    assert not cursor.enter_literal()


@pytest.mark.parametrize(
    ("pattern", "extended", "left"),
    [(b"(?#x)a", False, b"a"), (b" #x\n a", True, b"a"), (b" a", False, b" a"), (b"#", True, b"")],
)
def test_comments_are_skipped(pattern: bytes, extended: bool, left: bytes) -> None:
    cursor = Cursor(pattern, Options(extended=extended))
    cursor.skip_comments()
    assert cursor.pattern[cursor.at :] == left


def test_a_reference_to_an_unknown_group_may_take_anything() -> None:
    assert Cursor(b"", Options()).reference(1, 0).wider.node.bytes == (1 << 256) - 1  # type: ignore[union-attr]

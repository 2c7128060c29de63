import pytest

from bartizan.perimeter.waf.operators.pcre.cursor import Cursor, Options
from bartizan.perimeter.waf.operators.pcre.errors import PatternError
from bartizan.perimeter.waf.operators.pcre.groups import Opening, read_opening


def _read(text: bytes, options: Options | None = None) -> tuple[Opening, Options, bytes]:
    cursor = Cursor(text, options or Options())
    cursor.at = 1
    opening, found = read_opening(cursor)
    return opening, found, text[cursor.at :]


@pytest.mark.parametrize(
    ("text", "opening", "left"),
    [
        (b"(a", Opening.CAPTURE, b"a"),
        (b"(?:a", Opening.PLAIN, b"a"),
        (b"(?>a", Opening.ATOMIC, b"a"),
        (b"(?<n>a", Opening.CAPTURE, b"a"),
        (b"(?P<n>a", Opening.CAPTURE, b"a"),
        (b"(?'n'a", Opening.CAPTURE, b"a"),
        (b"(?<=a", Opening.LOOK, b"a"),
        (b"(?!a", Opening.LOOK, b"a"),
        (b"(?|a", Opening.RESET, b"a"),
        (b"(?(1)a", Opening.CONDITION, b"a"),
        (b"(?(?=x)a", Opening.CONDITION, b"(?=x)a"),
        (b"(?R)a", Opening.CALL, b"a"),
        (b"(?-1)a", Opening.CALL, b"a"),
        (b"(?P=n)a", Opening.CALL, b"a"),
        (b"(?i)a", Opening.OPTIONS, b"a"),
    ],
)
def test_the_kind_is_read(text: bytes, opening: Opening, left: bytes) -> None:
    found, _, rest = _read(text)
    assert (found, rest) == (opening, left)


def test_options_are_read() -> None:
    assert _read(b"(?i-s:")[1] == Options(caseless=True, dot_all=False)
    assert _read(b"(?^m:")[1] == Options(dot_all=False)
    assert _read(b"(?xx:")[1] == Options(extended=True, extended_more=True)
    assert _read(b"(?x:", Options(extended=True, extended_more=True))[1] == Options(extended=True)
    assert _read(b"(?aDJrU)")[1] == Options(ungreedy=True)
    assert _read(b"(a", Options(no_capture=True))[0] is Opening.PLAIN


@pytest.mark.parametrize(
    "text", [b"(*COMMIT)", b"(?C)", b"(?<1>a)", b"(?<n", b"(?<n-a>", b"(?q)", b"(?--i)", b"(?^-i)", b"(?i"]
)
def test_what_is_not_valid_is_told(text: bytes) -> None:
    with pytest.raises(PatternError):
        _read(text)


def test_a_name_is_used_once() -> None:
    cursor = Cursor(b"(?<n>(?<n>", Options())
    cursor.at = 1
    read_opening(cursor)
    cursor.at += 1
    with pytest.raises(PatternError, match="a second group of the same name"):
        read_opening(cursor)

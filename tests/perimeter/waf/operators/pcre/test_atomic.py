import pytest

from bartizan.perimeter.waf.operators.pcre.atomic import release
from bartizan.perimeter.waf.operators.pcre.errors import NotLinearError
from bartizan.perimeter.waf.operators.pcre.parser import parse
from bartizan.perimeter.waf.operators.pcre.re2 import write_re2


@pytest.mark.parametrize(
    ("pattern", "released"),
    [
        (rb"a++b", b"a+b"),
        (rb"\d*+\.", b"[0-9]*\\."),
        (rb"\s++$", None),  # $ may come before the newline that \s took
        (rb"\w++\z", b"[0-9A-Z_a-z]+\\z"),
        (rb"ba++", b"ba+"),
        (rb"ba++c?", b"ba+c?"),
        (rb"(?>ab|cd)c", b"(?:ab|cd)c"),
        (rb"(?>ab|a)c", b"(?:ab|a)c"),
        (rb"(?>ab|a)b", None),
        (rb"(?>a|ab)c", None),
        (rb"(?>a?|b)c", None),
        (rb"(?>a??)b", None),
        (rb"a++a", None),
        (rb"(?:a++,)*b", b"(?:a+,)*b"),
        (rb"(?:a++,?)*b", None),
        (rb"\Ra", b"(?:\\x0d\\x0a|[\\x0a-\\x0d\\x85])a"),
        (rb"\R\n", None),
        (rb"((?>a))b", b"(a)b"),
        (rb"(?=a)", None),
    ],
)
def test_only_what_changes_nothing_is_released(pattern: bytes, released: bytes | None) -> None:
    node = parse(pattern)[0]
    if released is None:
        with pytest.raises(NotLinearError):
            release(node)
    else:
        assert write_re2(release(node)).pattern == b"(?ms)" + released

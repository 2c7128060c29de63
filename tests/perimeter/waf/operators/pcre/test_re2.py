import pytest

from bartizan.perimeter.waf.operators.linear import compile_re2
from bartizan.perimeter.waf.operators.pcre.errors import NotLinearError
from bartizan.perimeter.waf.operators.pcre.parser import parse
from bartizan.perimeter.waf.operators.pcre.re2 import write_re2


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        (rb"a|(b)", b"a|(b)"),
        (rb"\s\h.", b"[\\x09-\\x0d ][\\x09 \\xa0]."),
        (rb"(?-s).", b"[^\\x0a]"),
        (rb"(?i)ab-1", b"(?i:ab)-1"),
        (rb"(?:ab)+?c{2}?", b"(?:ab)+?c{2}"),
        (rb"(?:a{1,3}){2}", b"(?:a{1,3}){2}"),
        (rb"a{2500}", b"(?:a{1000}a{1000}a{500})"),
        (rb"a{1500,}", b"(?:a{1000}a{500}a*)"),
        (rb"(?:(?:ab){50}){30}", b"(?:(?:(?:ab){50}){20}(?:(?:ab){50}){10})"),
    ],
)
def test_it_is_written_for_re2(pattern: bytes, written: bytes) -> None:
    found = write_re2(parse(pattern)[0])
    assert found.pattern == b"(?ms)" + written
    compile_re2(found.pattern)


def test_numbers_of_groups_are_told_where_marks_are_among_them() -> None:
    found = write_re2(parse(rb"(a)\Z|(b)")[0])
    assert found.groups == (1, 3)
    assert found.ends == (2,)


def test_line_starts_can_be_written_otherwise() -> None:
    assert write_re2(parse(rb"^a")[0], line_start=rb"\A").pattern == b"(?ms)\\Aa"


@pytest.mark.parametrize(
    "pattern", [rb"\Za", rb"(?:a\Z)+", rb"(a){2000}", rb"(?:a*){2000}", rb"(?:[ab]c{300}%b){65535}" % (b"d" * 40)]
)
def test_what_re2_cannot_take_is_told(pattern: bytes) -> None:
    with pytest.raises(NotLinearError):
        write_re2(parse(pattern)[0])

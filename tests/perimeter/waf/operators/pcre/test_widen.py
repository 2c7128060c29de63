import pytest

from bartizan.perimeter.waf.operators.pcre.parser import parse
from bartizan.perimeter.waf.operators.pcre.re2 import write_re2
from bartizan.perimeter.waf.operators.pcre.widen import widen


@pytest.mark.parametrize(
    ("pattern", "wider"),
    [
        (rb"(?<!a)(b)(?=c)", b"(?:)b(?:)"),
        (rb"(\w+)-\1", b"[0-9A-Z_a-z]+-[0-9A-Z_a-z]+"),
        (rb"(?i)(a)\1", b"(?i:aa)"),
        (rb"(a)(?i)\1", b"a.*"),
        (rb"a++(?>b|c)a", b"a+(?:b|c)a"),
        (rb"a\Zb", b"a$b"),
        (rb"(?|(a)|(b))", b"a|b"),
        (rb"\k<x>", b".*"),
    ],
)
def test_a_wider_pattern_is_one_for_re2(pattern: bytes, wider: bytes) -> None:
    assert write_re2(widen(parse(pattern)[0])).pattern.replace(b"(?:)", b"") == b"(?ms)" + wider.replace(b"(?:)", b"")

import pytest
import re2

from bartizan.perimeter.waf.operators import OperatorError
from bartizan.perimeter.waf.operators.linear import ANCHORED, UNANCHORED, compile_re2


def test_a_match_tells_places() -> None:
    match = compile_re2(b"(b)(x)?")
    assert match(UNANCHORED, b"abc", 0, 3) == [(1, 2), (1, 2), (-1, -1)]
    assert match(ANCHORED, b"abc", 0, 3)[0] == (-1, -1)


def test_bytes_are_bytes() -> None:
    assert compile_re2(b"\xe9")(UNANCHORED, "é".encode("latin-1"), 0, 1) == [(0, 1)]


def test_what_re2_refuses_is_told() -> None:
    with pytest.raises(OperatorError, match="RE2 refuses the regular expression: "):
        compile_re2(b"(")


def test_the_module_keeps_no_pattern() -> None:
    before = re2._Regexp._make.cache_info().currsize
    compile_re2(b"kept?")
    assert re2._Regexp._make.cache_info().currsize == before

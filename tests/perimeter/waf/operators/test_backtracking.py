import gc
from time import sleep

import pytest

from bartizan.perimeter.waf.operators import MatchLimitError, OperatorError, compile_rx
from bartizan.perimeter.waf.operators.backtracking import Pcre2
from bartizan.perimeter.waf.operators.linear import compile_re2

_ANYWHERE = compile_re2(b"")


def test_it_matches_what_re2_cannot() -> None:
    pattern = Pcre2(rb"(\w+) (?!\1)(\w+)", _ANYWHERE)
    assert pattern.spans(b"a a b") == [(2, 5), (2, 3), (4, 5)]
    assert pattern.spans(b"a a") is None
    assert pattern.spans(b"") is None


def test_groups_behind_the_last_that_took_part_are_left_out() -> None:
    assert Pcre2(rb"(?<!b)(x)?(a)(b)?", _ANYWHERE).spans(b"a") == [(0, 1), (-1, -1), (0, 1)]


def test_it_starts_where_it_is_told() -> None:
    assert Pcre2(rb"(?<=a)b", _ANYWHERE).spans(b"ab ab", 2) == [(4, 5)]


def test_a_match_far_into_a_text_is_found() -> None:
    value = b"b " * 3000 + b"ab"
    assert Pcre2(rb"(?<=a)b", _ANYWHERE).spans(value) == [(6001, 6002)]


def test_case_can_be_ignored() -> None:
    assert Pcre2(rb"(?<=a)b", _ANYWHERE, ignore_case=True).spans(b"AB") == [(1, 2)]


@pytest.mark.parametrize("value", [b" " * 300_000 + b"=", b"a'" * 200 + b"'" * 300_000 + b"="])
def test_what_would_take_too_long_is_told_in_a_time_that_grows_with_the_text(value: bytes) -> None:
    regex = compile_rx(rb"(?i:[\s'\"`()]*?\b([\d\w]+)\b[\s'\"`()]*?(?:=[\s'\"`()]*?(?!\b\1\b)[\d\w]+))")
    regex_without_screen = Pcre2(regex.translated.pattern, _ANYWHERE)
    assert regex.test(value) is False
    with pytest.raises(MatchLimitError, match="takes too long"):
        regex_without_screen.spans(value)


def test_time_in_which_others_have_the_processor_does_not_count() -> None:
    def slowly(*arguments: int | bytes) -> object:
        sleep(0.02)
        return _ANYWHERE(*arguments)

    assert Pcre2(rb"(?<=a)b", slowly).spans(b"b " * 600 + b"ab") == [(1201, 1202)]


def test_what_pcre2_refuses_is_told() -> None:
    with pytest.raises(OperatorError, match="PCRE2 refuses the regular expression"):
        Pcre2(rb"(?<=a*)b", _ANYWHERE)


def test_it_gives_back_what_it_took() -> None:
    gc.collect()
    before = sum(isinstance(found, Pcre2) for found in gc.get_objects())
    for _ in range(3):
        Pcre2(rb"(?<=a)b", _ANYWHERE)
    gc.collect()
    assert sum(isinstance(found, Pcre2) for found in gc.get_objects()) == before

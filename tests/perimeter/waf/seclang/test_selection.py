"""Choosing rules by id, tag and message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.perimeter.waf.seclang.reading_support import acting

from bartizan.perimeter.waf.seclang.selection import by_id, by_msg, by_tag, id_ranges

RULE = acting("msg:'SQL Injection (1.5)',tag:'attack-sqli',tag:'OWASP_CRS/WEB'")


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("1", [(1, 1)]),
        ("1 2", [(1, 1), (2, 2)]),
        ("1,2 5-7", [(1, 1), (2, 2), (5, 7)]),
        ("942100-942199", [(942100, 942199)]),
    ],
)
def test_ids_and_ranges_are_parted_by_spaces_or_commas(text: str, ranges: list[tuple[int, int]]) -> None:
    assert id_ranges(text) == ranges


@pytest.mark.parametrize("text", ["", " ", "a", "1-", "-1", "1-a", "5-1", "1.5", "²", "9" * 30])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"rule id|range"):
        id_ranges(text)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=4))
def test_a_rule_is_chosen_by_its_id(ids: list[int]) -> None:
    assert by_id(" ".join(map(str, ids)))(RULE) == (1 in ids)
    assert by_id(f"{min(ids)}-{max(ids)}")(RULE) == (min(ids) <= 1 <= max(ids))


@pytest.mark.parametrize("text", ["attack-sqli", "OWASP_CRS/WEB", "^attack-", "attack-(sqli|xss)", "sqli$", ".*"])
def test_a_tag_is_compared_whole_unless_it_is_a_pattern(text: str) -> None:
    assert by_tag(text)(RULE)


@pytest.mark.parametrize("text", ["attack", "ATTACK-SQLI", "OWASP_CRS", "attack.sqli", "^sqli"])
def test_another_tag_is_not_meant(text: str) -> None:
    assert not by_tag(text)(RULE)


def test_messages_are_compared_whole_even_if_they_look_like_patterns() -> None:
    assert by_msg("SQL Injection (1.5)")(RULE)
    assert by_msg("^SQL")(RULE)
    assert not by_msg("SQL")(RULE)
    assert not by_msg("x")(acting("pass"))


@pytest.mark.parametrize("text", ["", "(", "[a", "*"])
def test_what_is_neither_text_nor_pattern_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no pattern|expected"):
        by_tag(text)

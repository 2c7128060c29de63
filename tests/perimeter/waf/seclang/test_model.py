"""How rules, targets and operators are written when they are told."""

from __future__ import annotations

import pytest
from tests.perimeter.waf.seclang.reading_support import rule

from bartizan.perimeter.waf.seclang.model import Place, Selector, Target


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (Target("ARGS"), "ARGS"),
        (Target("ARGS", None, count=True), "&ARGS"),
        (Target("ARGS", Selector("key", b"a.b")), "ARGS:a.b"),
        (Target("ARGS", Selector("key", b"a|b c")), "ARGS:'a|b c'"),
        (Target("ARGS", Selector("key", b"'it")), "ARGS:'\\'it'"),
        (Target("ARGS", Selector("key", b"/a")), "ARGS:'/a'"),
        (Target("ARGS", Selector("regex", b"^a|b$")), "ARGS:/^a|b$/"),
        (Target("XML", Selector("xpath", b"//@*")), "XML://@*"),
    ],
)
def test_a_target_is_written_as_a_rule_would_name_it(target: Target, text: str) -> None:
    assert str(target) == text


@pytest.mark.parametrize("text", ["@rx a", "!@streq a b", "@detectsqli", "@within %{TX.a}"])
def test_an_operator_is_written_with_its_argument(text: str) -> None:
    assert str(rule(f'SecRule ARGS "{text}" "id:1"').links[0].operation) == text


def test_a_rule_is_where_its_first_link_is() -> None:
    made = rule('\nSecRule ARGS "@rx a" "id:1,chain"\nSecRule ARGS "@rx b"')
    assert made.place == Place("t.conf", 2)
    assert str(made.place) == "t.conf:2"

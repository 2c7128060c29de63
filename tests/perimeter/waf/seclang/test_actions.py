"""Lists of actions."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.seclang.actions import ActionError, RawAction, split_actions


def pairs(text: str) -> list[tuple[str, str | None]]:
    """Return names and values."""
    return [
        (action.name, None if action.value is None else action.value.decode())
        for action in split_actions(text.encode())
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  ", []),
        ("pass", [("pass", None)]),
        ("id:1,phase:2 , Pass,\tLOG ", [("id", "1"), ("phase", "2"), ("pass", None), ("log", None)]),
        ("msg:'a, b',pass", [("msg", "a, b"), ("pass", None)]),
        ("msg:''", [("msg", "")]),
        ("msg:", [("msg", "")]),
        ("msg:' x '", [("msg", " x ")]),
        ("msg: 'x'", [("msg", "x")]),
        ("msg:it's so", [("msg", "it's so")]),
        (r"msg:'it\'s',log", [("msg", "it's"), ("log", None)]),
        ("setvar:'tx.a=%{tx.b},c'", [("setvar", "tx.a=%{tx.b},c")]),
        ("setvar:tx.a='b c'", [("setvar", "tx.a='b c'")]),
        ("ctl:ruleRemoveById=1,ctl:ruleRemoveById=2", [("ctl", "ruleRemoveById=1"), ("ctl", "ruleRemoveById=2")]),
        ("msg:a:b", [("msg", "a:b")]),
    ],
)
def test_actions_are_parted_by_commas_outside_single_quotes(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert pairs(text) == expected


@pytest.mark.parametrize(
    "value",
    [
        "ruleRemoveTargetById=942100-942199;ARGS:/^pw/",
        "ruleRemoveTargetById=942100-942199;ARGS:/^p{1,2}w/",
        "ruleRemoveTargetByTag=attack-sqli;!REQUEST_COOKIES:/a,\\/,b/",
        "ruleRemoveTargetById=1;ARGS:'a,b'",
        "ruleRemoveTargetById=1;XML:/*",
        "ruleRemoveTargetById=1;ARGS:/not/closed",
    ],
)
def test_commas_within_the_selector_of_a_ctl_do_not_end_it(value: str) -> None:
    assert pairs(f"id:1,ctl:{value},pass") == [("id", "1"), ("ctl", value), ("pass", None)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("deny,", "an action was expected at the end"),
        (",deny", "an action was expected at ',deny'"),
        ("deny,,log", "an action was expected at ',log'"),
        ("deny, ,log", "an action was expected at ' ,log'"),
        ("msg:'x", 'a single quote is opened and never closed at "\'x"'),
        ("msg:'x'y,log", "a comma was expected at 'y,log'"),
        ("deny log", "a comma was expected at 'log'"),
        ("'deny'", "an action was expected at"),
        ("1", "an action was expected at '1'"),
    ],
)
def test_a_list_that_cannot_be_read_tells_where(text: str, message: str) -> None:
    with pytest.raises(ActionError) as caught:
        split_actions(text.encode())
    assert message in str(caught.value)


@given(st.binary(max_size=100) | st.text("id:,'\\ct;=/ARGS!&\t1", max_size=60).map(str.encode))
def test_any_text_is_read_or_refused(text: bytes) -> None:
    with contextlib.suppress(ActionError):
        split_actions(text)


_NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,10}", fullmatch=True)
_VALUES = st.none() | st.binary(max_size=20).filter(lambda value: b"\\" not in value)


@given(st.lists(st.builds(RawAction, _NAMES, _VALUES), max_size=6))
def test_quoted_values_come_back_as_they_were(actions: list[RawAction]) -> None:
    written = [
        action.name.encode() if action.value is None else b"%b:'%b'" % (action.name.encode(), _escaped(action.value))
        for action in actions
    ]
    assert split_actions(b",".join(written)) == actions


def _escaped(value: bytes) -> bytes:
    return value.replace(b"'", b"\\'")

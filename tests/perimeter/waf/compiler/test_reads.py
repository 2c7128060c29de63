from __future__ import annotations

from pathlib import Path

import pytest

from bartizan.perimeter.waf.compiler.reads import (
    CAPTURED,
    Access,
    condition,
    expanded,
    meets,
    persistent_reads,
    persistent_writes,
    reads_only_tx,
    rule_reads,
    rule_writes,
)
from bartizan.perimeter.waf.load import read_rules
from bartizan.perimeter.waf.seclang import Rule, Source
from bartizan.perimeter.waf.seclang.template import parse_template
from bartizan.perimeter.waf.settings import Settings


def _rule(text: str) -> Rule:
    (rule,) = read_rules([Source("t", text.encode(), Path())], Settings()).entries
    assert isinstance(rule, Rule)
    return rule


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('SecRule ARGS "@rx a" "id:1"', Access()),
        ('SecRule TX:a|&TX:B "@rx a" "id:1"', Access({b"a", b"b"})),
        ('SecRule TX:/^c/ "@rx a" "id:1"', Access(patterns={b"^c"})),
        ('SecRule &TX "@rx a" "id:1"', Access(everything=True)),
        ('SecRule ARGS "@rx %{tx.a}" "id:1,chain"\nSecRule TX:b "@rx a"', Access({b"a", b"b"})),
        ('SecAction "id:1,setvar:tx.a=%{tx.b}"', Access({b"b"})),
        ('SecAction "id:1,setvar:tx.a=+1,setvar:tx.%{tx.c}=1"', Access({b"a", b"c"})),
        ("SecAction \"id:1,msg:'%{tx.a}',logdata:'%{tx.b}',tag:'%{tx.c}'\"", Access({b"a", b"b", b"c"})),
        ("SecAction \"id:1,redirect:'%{tx.a}',initcol:ip=%{tx.b}\"", Access({b"a", b"b"})),
    ],
)
def test_what_a_rule_reads_of_tx(text: str, expected: Access) -> None:
    assert rule_reads(_rule(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('SecRule TX:a "@rx a" "id:1"', Access()),
        ('SecRule ARGS "@rx a" "id:1,capture"', Access({*CAPTURED})),
        ('SecAction "id:1,setvar:tx.A=1,setvar:!tx.b,setvar:ip.c=1"', Access({b"a", b"b"})),
        ('SecAction "id:1,setvar:tx.pre_%{ARGS.a}=1"', Access(prefixes={b"pre_"})),
        ('SecAction "id:1,setvar:tx.%{ARGS.a}=1"', Access(everything=True)),
    ],
)
def test_what_a_rule_writes_to_tx(text: str, expected: Access) -> None:
    assert rule_writes(_rule(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('SecRule TX:a "@eq %{tx.b}" "id:1,setvar:tx.c=%{tx.d}"', True),
        ('SecAction "id:1"', True),
        ('SecRule TX:a|ARGS "@eq 1" "id:1"', False),
        ('SecRule TX:a "@eq %{ARGS.b}" "id:1"', False),
        ('SecRule TX:a "@eq 1" "id:1,setvar:tx.b=%{MATCHED_VAR}"', False),
    ],
)
def test_a_link_depends_on_tx_alone(text: str, expected: bool) -> None:
    assert reads_only_tx(_rule(text).links[0]) is expected


def test_a_condition_asks_the_same_and_does_nothing() -> None:
    (link,) = _rule('SecRule TX:a "@eq 1" "id:1,capture,setvar:tx.b=%{ARGS.a},ctl:ruleEngine=Off,initcol:ip=x"').links
    asks = condition(link)
    assert (asks.targets, asks.operation) == (link.targets, link.operation)
    assert reads_only_tx(asks)
    assert (asks.setvars, asks.controls, asks.actions, asks.capture) == ((), (), (), False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("plain", b"plain"), ("", b""), ("a%{tx.a}b%{TX.A}", b"a1b1"), ("%{tx.b}", None), ("%{ARGS.a}", None)],
)
def test_a_text_is_known_if_all_its_variables_are(text: str, expected: bytes | None) -> None:
    assert expanded(parse_template(text.encode()), {b"a": b"1"}.get) == expected


def test_members_of_collections_that_outlive_a_request() -> None:
    rule = _rule(
        'SecRule IP:a|&SESSION|ARGS "@eq %{user.u}" "id:1,setvar:ip.B=1,setvar:global.%{tx.a}=1,setvar:tx.c=1"'
    )
    assert persistent_reads(rule) == {("IP", b"a"), ("SESSION", None), ("USER", b"u")}
    assert persistent_writes(rule) == {("IP", b"b"), ("GLOBAL", None)}


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        (("IP", b"a"), True),
        (("IP", b"b"), False),
        (("IP", None), True),
        (("USER", b"x"), True),
        (("GLOBAL", None), False),
    ],
)
def test_members_meet(member: tuple[str, bytes | None], expected: bool) -> None:
    assert meets(member, {("IP", b"a"), ("USER", None)}) is expected

"""The compiled program does what the rules say, whatever they are: it is compared with running every rule."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.perimeter.waf.compiler.attacks import traffic
from tests.perimeter.waf.compiler.rule_sets import FEW, exchanges, rule_texts, scanned_rule_texts, small_rule_texts
from tests.support.waf import RECEIVED, Reply, Request, inspect, rule_set, see

from bartizan.perimeter.waf.compiler.reads import Access, concerns, rule_reads
from bartizan.perimeter.waf.engine.persistent import Change, merge
from bartizan.perimeter.waf.load import RuleSet
from bartizan.perimeter.waf.seclang import Rule

STORED = {"IP": merge(None, [Change("set", b"a", b"2"), Change("set", b"score", b"1")], RECEIVED)}


def _compare(text: str, seen: Sequence[tuple[Request, Reply | None]]) -> None:
    plain = rule_set(text, gate=False)
    compiled = {"Hyperscan": rule_set(text), "RE2": rule_set(text, hyperscan=False)}
    read = Access()
    for entry in plain.book.entries:
        if isinstance(entry, Rule):
            read.add(rule_reads(entry))
    for request, reply in seen:
        expected = see(inspect(plain, request, reply, STORED), partial(concerns, read))
        for name, rules in compiled.items():
            told = see(inspect(rules, request, reply, STORED), partial(concerns, read))
            differing = told.differences(expected)
            assert not differing, f"with {name}, of {request}, {reply}: {differing}"


@settings(max_examples=300)
@given(rule_texts(), exchanges())
def test_the_compiled_program_does_what_every_rule_in_turn_would(
    text: str, seen: list[tuple[Request, Reply | None]]
) -> None:
    _compare(text, seen)


@settings(max_examples=300)
@given(small_rule_texts(), st.permutations(FEW))
def test_rules_that_depend_on_each_other_do_what_they_say(text: str, seen: list[tuple[Request, Reply | None]]) -> None:
    _compare(text, seen[:6])


@settings(max_examples=100)
@given(scanned_rule_texts(), exchanges())
def test_scans_leave_out_no_rule_that_matches(text: str, seen: list[tuple[Request, Reply | None]]) -> None:
    _compare(text, seen)


def test_the_core_rule_set_finds_the_same_with_its_gate_as_without(crs: RuleSet, plain_crs: RuleSet) -> None:
    found = 0
    for request, reply in traffic(250, seed=3):
        expected = see(inspect(plain_crs, request, reply))
        told = see(inspect(crs, request, reply))
        found += len(expected.matches)
        differing = [difference for difference in told.differences(expected) if difference[0] != "tx"]
        assert not differing, f"{request}, {reply}: {differing}"
    assert found > 1000

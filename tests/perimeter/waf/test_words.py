from __future__ import annotations

from pathlib import Path

import pytest

from bartizan.perimeter.waf.load import read_rules
from bartizan.perimeter.waf.seclang import Rule, Source
from bartizan.perimeter.waf.settings import Settings
from bartizan.perimeter.waf.words import asked, looked_at, transformed


def link(rule: str) -> Rule:
    (found,) = read_rules([Source("x", f'SecRule {rule} "id:1,phase:2,pass"'.encode(), Path())], Settings()).entries
    assert isinstance(found, Rule)
    return found


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("ARGS", "ARGS (parameters of query and body)"),
        ("&REQUEST_HEADERS:Host", "&REQUEST_HEADERS:host (number of header fields)"),
        ("TIME_HOUR", "TIME_HOUR"),
    ],
)
def test_targets_say_what_they_are(target: str, words: str) -> None:
    assert looked_at(link(f'{target} "@rx a"').links[0].targets[0]) == words


@pytest.mark.parametrize(
    ("operator", "words"),
    [
        ("@streq a", "it is «a»"),
        ("!@within a b", "not: it is one of «a b»"),
        ("@detectSQLi", "libinjection takes it for SQL"),
        ("@ge %{TX.max}", "it is the number «%{TX.max}» or more"),
        ("@verifySSN \\d{3}", "@verifyssn says so of «\\d{3}»"),
        ("@contains {}", "it contains «{}»"),
    ],
)
def test_operators_are_questions(operator: str, words: str) -> None:
    operation = link(f'ARGS "{operator}"').links[0].operation
    assert operation is not None
    assert asked(operation) == words


def test_transformations_are_told_in_order() -> None:
    assert (
        transformed(["lowercase", "sha1", "unheardof"])
        == "lower case (lowercase), then its SHA-1 (sha1), then unheardof"
    )
    assert transformed([]) == ""

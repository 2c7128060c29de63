"""Reading SecLang texts in tests, and asking libmodsecurity whether it takes them."""

from __future__ import annotations

from pathlib import Path

from libmodsecurity import RulesSet

from bartizan.errors import SecLangError
from bartizan.perimeter.waf.operators import OPERATORS
from bartizan.perimeter.waf.seclang import Rule, RuleBook, Source, parse_sources
from bartizan.perimeter.waf.transformations import TRANSFORMATIONS

CRS = Path("/usr/share/modsecurity-crs")


def read(text: str | bytes, directory: Path = Path()) -> RuleBook:
    """Read a rule text."""
    encoded = text if isinstance(text, bytes) else text.encode()
    return parse_sources([Source("t.conf", encoded, directory)], OPERATORS.keys(), TRANSFORMATIONS.keys())


def rules(text: str | bytes) -> list[Rule]:
    """Return the rules of a text."""
    return [entry for entry in read(text).entries if isinstance(entry, Rule)]


def rule(text: str) -> Rule:
    """Return the only rule of a text."""
    (only,) = rules(text)
    return only


def acting(actions: str) -> Rule:
    """Return a rule with these actions beside its id."""
    return rule(f'SecRule ARGS "@rx x" "id:1,{actions}"')


def problems(text: str | bytes, directory: Path = Path()) -> list[str]:
    """Return what is wrong with a text, one line each; empty if nothing is."""
    try:
        read(text, directory)
    except SecLangError as error:
        return [str(problem) for problem in error.problems]
    return []


def reference_refuses(text: str) -> bool:
    """Tell whether libmodsecurity refuses a text. It reads on where a text before ended, so it is asked afresh."""
    text = text.rstrip("\n") + "\n"
    for _ in range(2):
        if RulesSet().load(text) >= 0:
            return False
        RulesSet().load("SecRuleEngine On\n")
    return True

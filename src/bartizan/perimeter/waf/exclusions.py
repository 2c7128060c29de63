"""Exclusions in the configuration: which are about a rule, what they cover, and the narrowest for what matched."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence

from bartizan.config.model import WafExclusion
from bartizan.config.model.base import RULE_PATH_PATTERN, TARGET_PATTERN
from bartizan.perimeter.waf.seclang import Rule

__all__ = ["as_yaml", "concerns", "covers", "is_excludable", "narrowest", "without_numbers"]

MAX_SELECTOR = 200  # characters of a pattern for names
_TARGET = re.compile(TARGET_PATTERN)
_PATH = re.compile(RULE_PATH_PATTERN)
_NUMBER = re.compile(r"[0-9]+")
_PIECE = re.compile(r"[0-9]+|[^0-9]")
_NO_TARGETS = ("TX", "MATCHED_VAR", "MATCHED_VARS", "MATCHED_VAR_NAME", "MATCHED_VARS_NAMES", "RULE", "ENV")
"""What rules make themselves: to leave it out says nothing about what a client sent."""


def concerns(exclusion: WafExclusion, rule: int, tags: Sequence[str]) -> bool:
    """Tell whether an exclusion names a rule: by its id, a range of ids, or one of its tags."""
    first, dash, last = exclusion.rule.partition("-")
    if first.isdecimal():
        return int(first) <= rule <= int(last) if dash else rule == int(first)
    return exclusion.rule in tags


def covers(exclusion: WafExclusion, rule: int, tags: Sequence[str], variable: str, path: str) -> bool:
    """Tell whether a match of ``variable`` on ``path`` would not have been with this exclusion."""
    if not concerns(exclusion, rule, tags):
        return False
    if exclusion.path is not None and not _is_below(path, exclusion.path):
        return False
    return exclusion.target is None or _names(exclusion.target, variable)


def _is_below(path: str, limit: str) -> bool:
    if not limit.endswith("/*"):
        return path == limit
    base = limit.removesuffix("/*")
    return path == base or path.startswith(base + "/")


def _names(target: str, variable: str) -> bool:
    wanted, colon, selector = target.partition(":")
    base, _, name = variable.partition(":")
    if wanted.upper() != base.upper():
        return False
    if len(selector) > 2 and selector[0] == selector[-1] == "/":
        return _by_pattern(selector[1:-1], name)
    return not colon or selector.lower() == name.lower()


def _by_pattern(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name, re.IGNORECASE) is not None
    except re.error:
        return False


def without_numbers(variable: str) -> str:
    """Return a variable with each number in its name as ``#``: members of a list differ in nothing else."""
    base, colon, name = variable.partition(":")
    return f"{base}:{_NUMBER.sub('#', name)}" if colon else variable


def is_excludable(variable: str, rule: Rule | None) -> bool:
    """Tell whether a rule can be told not to look at a variable; if the rule is not known, whether one might."""
    base = variable.partition(":")[0].upper()
    if base in _NO_TARGETS:
        return False
    if rule is None:
        return True
    return any(target.variable == base and not target.count for link in rule.links for target in link.targets)


def narrowest(
    rule: int, variables: Collection[str], paths: Collection[str] | None, known: Rule | None = None
) -> WafExclusion:
    """Return the narrowest exclusion of a rule for matches of ``variables``, which are alike ``without_numbers``.

    ``paths`` are those of the requests, None if they are many; ``known`` is the rule if there is one at hand.
    """
    target = None
    if variables and all(is_excludable(variable, known) for variable in variables):
        target = _target(sorted(variables))
    path = next(iter(paths)) if paths is not None and len(paths) == 1 else None
    if path is not None and (path.endswith("*") or _PATH.fullmatch(path) is None):
        path = None
    return WafExclusion(rule=str(rule), target=target, path=path)


def _target(variables: Sequence[str]) -> str | None:
    first = variables[0]
    base, colon, name = first.partition(":")
    if len(variables) == 1 and _TARGET.fullmatch(first) and not name.startswith("/"):
        return first
    if not colon:
        return None
    pattern = _pattern(name, numbered=len(variables) > 1)
    target = f"{base}:/^{pattern}/" if len(pattern) > MAX_SELECTOR else f"{base}:/^{pattern}$/"
    return target if _TARGET.fullmatch(target) else None


def _pattern(name: str, *, numbered: bool) -> str:
    """Return a pattern for names like this one, of the letters that targets may have."""
    pattern = ""
    for piece in _PIECE.findall(name):
        if len(pattern) > MAX_SELECTOR:
            break
        if piece.isdecimal() and piece.isascii():
            pattern += "[0-9]+" if numbered else piece
        elif piece.isascii() and (piece.isalnum() or piece in "_-"):
            pattern += piece
        elif piece in ".$()*+?{}":
            pattern += f"[{piece}]"
        else:
            pattern += "." * len(piece.encode())
    return pattern


def as_yaml(exclusion: WafExclusion, route: str | None = None) -> str:
    """Return what to add to the configuration, for all routes or for one."""
    lines = [f"- rule: {exclusion.rule}"]
    lines += [f"  {name}: {json.dumps(text)}" for name in ("target", "path") if (text := getattr(exclusion, name))]
    head = ["guards:", "  waf:", "    exclusions:"]
    text = [*head, *(f"      {line}" for line in lines)]
    if route is not None:
        text = ["routes:", f"  - name: {json.dumps(route)}", *(f"    {line}" for line in text)]
    return "\n".join(text)

"""Choosing rules by id, tag or message, as ``SecRuleRemoveBy…``, ``SecRuleUpdate…`` and ``ctl:ruleRemove…`` do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from bartizan.perimeter.waf.operators.interface import OperatorError
from bartizan.perimeter.waf.operators.regex import compile_rx
from bartizan.perimeter.waf.seclang.model import Rule

__all__ = ["SELECTIONS", "Selection", "by_id", "by_msg", "by_tag", "id_ranges"]

Selection = Callable[[Rule], bool]
"""Tells whether a rule is meant."""

MAX_DIGITS = 19
_PATTERN = re.compile(r"[\\^$*+?|()\[\]{}]")


def id_ranges(text: str) -> list[tuple[int, int]]:
    """Read ids and ranges (``942100``, ``942100-942199``) parted by spaces or commas. Raises ``ValueError``."""
    ranges = []
    for word in text.replace(",", " ").split():
        low, dash, high = word.partition("-")
        if not _is_id(low) or (dash and not _is_id(high)):
            raise ValueError(f"{word!r} is neither a rule id nor a range of ids: 942100 or 942100-942199")
        first, last = int(low), int(high) if dash else int(low)
        if first > last:
            raise ValueError(f"the range {word} is empty: write {last}-{first}")
        ranges.append((first, last))
    if not ranges:
        raise ValueError("a rule id was expected")
    return ranges


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS


def by_id(text: str) -> Selection:
    """Return the selection of rules with these ids. Raises ``ValueError``."""
    ranges = id_ranges(text)
    return lambda rule: any(low <= rule.id <= high for low, high in ranges)


def by_tag(text: str) -> Selection:
    """Return the selection of rules with this tag, or with one that the pattern fits. Raises ``ValueError``."""
    means = _text_or_pattern(text)
    return lambda rule: any(means(str(tag)) for tag in rule.tags)


def by_msg(text: str) -> Selection:
    """Return the selection of rules with this message, or with one that the pattern fits. Raises ``ValueError``."""
    means = _text_or_pattern(text)
    return lambda rule: rule.msg is not None and means(str(rule.msg))


def _text_or_pattern(text: str) -> Callable[[str], bool]:
    """ModSecurity v3 compares the whole text; the reference manual has patterns, so what looks like one is one too."""
    if not text:
        raise ValueError("a text was expected")
    if _PATTERN.search(text) is None:
        return lambda other: other == text
    try:
        test = compile_rx(text.encode("latin-1", "replace")).test
    except OperatorError as error:
        raise ValueError(f"{text!r} is no pattern: {error}") from error
    return lambda other: other == text or test(other.encode("latin-1", "replace"))


SELECTIONS: Mapping[str, Callable[[str], Selection]] = {"byid": by_id, "bymsg": by_msg, "bytag": by_tag}
"""The makers of selections by the ends of the names that directives have."""

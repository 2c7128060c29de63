"""RE2, by the part of its binding that costs the least."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import re2
from re2 import _re2

from bartizan.perimeter.waf.operators.interface import OperatorError

__all__ = ["ANCHORED", "UNANCHORED", "Match", "Spans", "compile_re2"]

Spans = list[tuple[int, int]]
"""Where a match and its groups begin and end, in bytes; ``(-1, -1)`` for none."""

Match = Callable[[Any, bytes, int, int], Spans]
"""Searches a value between two places: ``match(UNANCHORED, value, start, end)``; the first item is the match itself."""

# The public search() makes an object for each match, which costs as much as the match itself.
UNANCHORED = re2._Anchor.UNANCHORED  # noqa: SLF001
ANCHORED = re2._Anchor.ANCHOR_START  # noqa: SLF001


def compile_re2(pattern: bytes, *, max_memory: int = 4 << 20) -> Match:
    """Compile a pattern in RE2's syntax, for bytes.

    Args:
        pattern: In RE2's own syntax.
        max_memory: Bytes that RE2 may use for its programs and the states it keeps; then it forgets some and goes on.

    Raises:
        OperatorError: RE2 refuses it.
    """
    # re2.compile() would keep the pattern in a cache of its module, which reloads of rules would fill.
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = max_memory
    compiled = _re2.RE2(pattern, options)
    if not compiled.ok():
        reason: bytes = compiled.error()
        raise OperatorError(f"RE2 refuses the regular expression: {reason.decode('latin-1')}")
    match: Match = compiled.Match
    return match

"""From a PCRE pattern to what RE2 and Hyperscan take."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from bartizan.perimeter.waf.operators.pcre.atomic import release
from bartizan.perimeter.waf.operators.pcre.errors import NotLinearError
from bartizan.perimeter.waf.operators.pcre.facts import (
    LineStarts,
    literal,
    matches_empty_text,
    may_take_nothing,
    rank_line_starts,
)
from bartizan.perimeter.waf.operators.pcre.hyperscan import write_hyperscan
from bartizan.perimeter.waf.operators.pcre.nodes import Node
from bartizan.perimeter.waf.operators.pcre.parser import parse
from bartizan.perimeter.waf.operators.pcre.re2 import Written, write_re2
from bartizan.perimeter.waf.operators.pcre.widen import widen

__all__ = ["Translated", "can_be_empty", "gate_in_either_case", "translate"]

REMEMBERED = 1024  # patterns: operators and the gate ask for the same ones, and so does the next reload


@dataclass(frozen=True, slots=True)
class Translated:
    """A pattern for the two matchers, and what is known about it.

    Attributes:
        pattern: What was translated.
        ignore_case: Whether letters match in either case from the start.
        beyond: What RE2 cannot match, and where; empty if it can match all of the pattern.
        re2: For RE2 with Latin-1 encoding and its other options as they are. If ``beyond`` is not empty it is a wider
            pattern: a match can only begin where this one has one.
        at_end: The same, to be tried where a match of no length at the end of a text may come from ``^`` after its last
            newline; None if that cannot be.
        groups: RE2's number of each capturing group, in order.
        ends: RE2's numbers of the empty groups that mark where a match ends, although RE2 took the newline after it.
        hyperscan: For Hyperscan with ``HS_FLAG_DOTALL | HS_FLAG_MULTILINE``, as a gate: it matches wherever the
            pattern does, and maybe elsewhere.
        empty: Whether the empty text matches; if ``beyond`` is not empty, whether it may.
        nothing: Whether a match can have no length: Hyperscan wants ``HS_FLAG_ALLOWEMPTY``.
        literal: The text that the pattern stands for, if it is nothing more than that.
    """

    pattern: bytes
    ignore_case: bool
    beyond: str
    re2: bytes
    at_end: bytes | None
    groups: tuple[int, ...]
    ends: tuple[int, ...]
    hyperscan: bytes
    empty: bool
    nothing: bool
    literal: bytes | None


@lru_cache(maxsize=REMEMBERED)
def translate(pattern: bytes, *, ignore_case: bool = False) -> Translated:
    """Translate a pattern that libmodsecurity would give to PCRE2; an empty one stands for ``.*``, as there.

    Raises:
        PatternError: It is not valid.
    """
    node, pattern = parse(pattern or b".*", caseless=ignore_case)
    beyond, at_end = "", None
    try:
        linear = release(node)
        written = write_re2(linear)
        starts = rank_line_starts(linear)
        if starts is LineStarts.INNER:
            raise NotLinearError("^ after something, with nothing that has to follow", 0)
        if starts is LineStarts.LEADING:
            at_end = write_re2(linear, line_start=b"\\A").pattern
    except NotLinearError as error:
        written, beyond = _wider(node), str(error)
    return Translated(
        pattern=pattern,
        ignore_case=ignore_case,
        beyond=beyond,
        re2=written.pattern,
        at_end=at_end,
        groups=written.groups,
        ends=written.ends,
        hyperscan=write_hyperscan(node),
        empty=matches_empty_text(node),
        nothing=may_take_nothing(node),
        literal=literal(node),
    )


def _wider(node: Node) -> Written:
    try:
        return write_re2(widen(node))
    except NotLinearError:  # too large even so
        return Written(b"(?ms)", (), ())


def gate_in_either_case(pattern: bytes) -> bytes:
    """Return ``Translated.hyperscan`` for texts whose case is not what it is where the pattern is matched.

    Raises:
        PatternError: It is not valid.
    """
    return write_hyperscan(parse(pattern or b".*")[0], either_case=True)


def can_be_empty(pattern: bytes, *, ignore_case: bool = False) -> bool:
    """Tell whether a pattern matches the empty text; raises ``PatternError``."""
    return matches_empty_text(parse(pattern or b".*", caseless=ignore_case)[0])

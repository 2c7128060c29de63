"""``@rx`` and ``@rxGlobal``."""

from __future__ import annotations

from bartizan.perimeter.waf.operators.interface import Captures, Context, Operator
from bartizan.perimeter.waf.operators.regex import compile_rx

__all__ = ["rx", "rx_global"]

_MOST_CAPTURES = 100
"""``@rxGlobal`` stops to look for matches once it has that many; the value could have one at each byte."""


def rx(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match where the regular expression does; captures the match and its groups."""
    return compile_rx(argument).search


def rx_global(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match as ``@rx``; captures all matches, one after the other, each with its groups.

    As in libmodsecurity, a match's number is the count of groups that took part so far, so after a match with an inner
    group that took none the next one overwrites the last of them; and a match of no length is found again from each
    byte before it.
    """
    regex = compile_rx(argument)
    spans = regex.spans

    def search(value: bytes) -> Captures | None:
        found = spans(value, 0)
        if found is None:
            return None
        captures: dict[int, bytes] = {}
        at = count = 0
        while found is not None and count < _MOST_CAPTURES:
            first, last = found[0]
            base = count
            for number, (start, end) in enumerate(found):
                if start >= 0:
                    captures[base + number] = value[start:end]
                    count += 1
            if last > first:
                at = last
            else:
                at += 1
                if at <= first:
                    continue
            found = spans(value, at) if at <= len(value) else None
        return tuple([captures.get(number, b"") for number in range(max(captures) + 1)])

    return search

"""The operators that compare numbers."""

from __future__ import annotations

import re

from bartizan.perimeter.waf.operators.interface import NO_CAPTURES, Context, Operator

__all__ = ["eq", "ge", "gt", "le", "lt", "read_int", "read_long"]

_NUMBER = re.compile(rb"[ \t\n\v\f\r]*([+-]?)0*([0-9]*)")
_MOST = (1 << 63) - 1
_LEAST = -(1 << 63)


def read_long(text: bytes) -> int:
    """Read a number as C's ``atoll``: white space, sign, digits, then anything; no digits are 0.

    What does not fit into 64 bits becomes the nearest number that does.
    """
    if text.isdigit() and len(text) < 19:
        return int(text)
    found = _NUMBER.match(text)
    if found is None or not found[2]:
        return 0
    if len(found[2]) > 19:
        return _LEAST if found[1] == b"-" else _MOST
    number = int(found[1] + found[2])
    return max(_LEAST, min(_MOST, number))


def read_int(text: bytes) -> int:
    """Read a number as ``@eq`` does: as ``read_long``, but what does not fit into 32 bits is 0."""
    number = read_long(text)
    return number if -0x80000000 <= number <= 0x7FFFFFFF else 0


def eq(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match a number that equals the argument."""
    wanted = read_int(argument)
    return lambda value: NO_CAPTURES if read_int(value) == wanted else None


def ge(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match a number that is the argument or above it."""
    limit = read_long(argument)
    return lambda value: NO_CAPTURES if read_long(value) >= limit else None


def gt(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match a number above the argument."""
    limit = read_long(argument)
    return lambda value: NO_CAPTURES if read_long(value) > limit else None


def le(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match a number that is the argument or below it."""
    limit = read_long(argument)
    return lambda value: NO_CAPTURES if read_long(value) <= limit else None


def lt(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match a number below the argument."""
    limit = read_long(argument)
    return lambda value: NO_CAPTURES if read_long(value) < limit else None

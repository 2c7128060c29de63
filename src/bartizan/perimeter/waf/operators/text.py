"""The operators that compare texts, byte by byte and with case."""

from __future__ import annotations

from bartizan.perimeter.waf.operators.interface import NO_CAPTURES, Captures, Context, Operator

__all__ = [
    "begins_with",
    "contains",
    "contains_word",
    "ends_with",
    "no_match",
    "streq",
    "unconditional_match",
    "within",
]

_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def begins_with(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match a value that begins with the argument."""
    return lambda value: NO_CAPTURES if value.startswith(argument) else None


def ends_with(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match a value that ends with the argument."""
    return lambda value: NO_CAPTURES if value.endswith(argument) else None


def contains(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match a value that holds the argument; ``@strmatch`` is the same."""
    return lambda value: NO_CAPTURES if argument in value else None


def streq(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match a value that is the argument."""
    return lambda value: NO_CAPTURES if value == argument else None


def within(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match a value that the argument holds, wherever it is: ``b,c`` is within ``a,b,c``, and so is the empty value."""
    return lambda value: NO_CAPTURES if value in argument else None


def contains_word(argument: bytes, context: Context) -> Operator:
    """Match a value that holds the argument with no letter (A-Z, a-z) next to it."""
    if not argument:
        return unconditional_match(argument, context)
    length = len(argument)

    def search(value: bytes) -> Captures | None:
        at = value.find(argument)
        while at >= 0:
            end = at + length
            if (at == 0 or value[at - 1] not in _LETTERS) and (end == len(value) or value[end] not in _LETTERS):
                return NO_CAPTURES
            at = value.find(argument, at + 1)
        return None

    return search


def no_match(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match nothing."""
    return lambda value: None  # noqa: ARG005


def unconditional_match(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match everything."""
    return lambda value: NO_CAPTURES  # noqa: ARG005

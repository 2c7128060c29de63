"""The operators that match values whose bytes or encoding are not as they have to be."""

from __future__ import annotations

import re

from bartizan.perimeter.waf.operators.interface import NO_CAPTURES, Captures, Context, Operator, OperatorError

__all__ = ["validate_byte_range", "validate_url_encoding", "validate_utf8_encoding"]

_NUMBER = re.compile(rb"[ \t\n\v\f\r]*([+-]?[0-9]{1,9})")
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def validate_byte_range(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match a value with a byte that is not listed; the argument is a list such as ``9,10,32-126``.

    Raises:
        OperatorError: A part of the list is no number or range from 0 to 255.
    """
    allowed = bytes(sorted({byte for part in argument.split(b",") for byte in _range(part)}))
    return lambda value: NO_CAPTURES if value.translate(None, allowed) else None


def _range(part: bytes) -> range:
    low, hyphen, high = part.partition(b"-")
    first = _byte(low, part)
    last = _byte(high, part) if hyphen else first
    if first > last:
        raise OperatorError(f"the range {part.decode('latin-1')!r} ends before it begins")
    return range(first, last + 1)


def _byte(text: bytes, part: bytes) -> int:
    found = _NUMBER.match(text)
    if found is None or not 0 <= int(found[1]) <= 255:
        raise OperatorError(f"{part.decode('latin-1')!r} is no byte from 0 to 255 and no range of them")
    return int(found[1])


def validate_url_encoding(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match a value with a ``%`` that two hexadecimal digits do not follow (RFC 3986, section 2.1)."""
    search = _BROKEN_ESCAPE.search

    def validate(value: bytes) -> Captures | None:
        return NO_CAPTURES if b"%" in value and search(value) else None

    return validate


def validate_utf8_encoding(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match a value that is not UTF-8: wrong or missing bytes, overlong forms, surrogates (RFC 3629)."""

    def validate(value: bytes) -> Captures | None:
        if value.isascii():
            return None
        try:
            value.decode("utf-8")
        except UnicodeDecodeError:
            return NO_CAPTURES
        return None

    return validate

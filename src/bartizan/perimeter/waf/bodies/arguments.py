"""Query strings and ``application/x-www-form-urlencoded`` bodies: split into arguments, then decoded.

As libmodsecurity 3.0.15 does it: pieces are split at the separator and at their first ``=``; a piece without ``=`` is a
name with an empty value; an empty piece is an empty name with an empty value, except the one after the last separator.
``+`` is a space, ``%XX`` a byte, and an escape that is none stays as it is (WHATWG URL, section 5.1, likewise).
"""

from __future__ import annotations

import re

__all__ = ["arguments_exceed", "has_invalid_escape", "parse_arguments", "url_decode"]

_DIGITS = b"0123456789abcdefABCDEF"
_ESCAPES = {bytes((high, low)): bytes((int(bytes((high, low)), 16),)) for high in _DIGITS for low in _DIGITS}
_SEPARATORS = [bytes((value,)) for value in range(256)]
_INVALID = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def url_decode(text: bytes) -> bytes:
    """Decode ``+`` and ``%XX``; invalid escapes are kept. Returns the same object when there is nothing to decode."""
    if b"+" in text:
        text = text.replace(b"+", b" ")
    if b"%" not in text:
        return text
    pieces = text.split(b"%")
    first = pieces[0]
    pieces[0] = b""
    find = _ESCAPES.get
    return first + b"".join([byte + piece[2:] if (byte := find(piece[:2])) else b"%" + piece for piece in pieces])[1:]


def parse_arguments(data: bytes, separator: int = 38, limit: int = 1000) -> list[tuple[bytes, bytes]]:
    """Return the first ``limit`` arguments of ``data`` as (name, value), in order; `arguments_exceed` tells of more.

    ``separator`` is the byte value of SecArgumentSeparator (``&``).
    """
    if not data or limit <= 0:
        return []
    pieces = data.split(_SEPARATORS[separator], limit)
    if len(pieces) > limit or not pieces[-1]:
        pieces.pop()
    if b"%" in data or b"+" in data:
        return [(url_decode(name), url_decode(value)) for name, _, value in [piece.partition(b"=") for piece in pieces]]
    return [(name, value) for name, _, value in [piece.partition(b"=") for piece in pieces]]


def arguments_exceed(data: bytes, separator: int = 38, limit: int = 1000) -> bool:
    """Tell whether ``data`` has more than ``limit`` arguments, without reading them."""
    if not data:
        return False
    mark = _SEPARATORS[separator]
    return data.count(mark) + (not data.endswith(mark)) > limit


def has_invalid_escape(data: bytes) -> bool:
    """Tell whether a ``%`` is not followed by two hexadecimal digits (URLENCODED_ERROR)."""
    return b"%" in data and _INVALID.search(data) is not None

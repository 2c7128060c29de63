"""Looks over CBOR from outside before a general decoder sees it.

Authenticators send CTAP2 canonical CBOR (CTAP 2.1 section 8): no tags, no indefinite lengths, maps at most four deep.
A general decoder follows tags as well: shared references (tags 28 and 29) make of 180 bytes a structure that takes
gigabytes when it is written out again, which py_webauthn does to learn where a key ends. So what is not of the
authenticators' kind is refused here, and nothing is built.
"""

from __future__ import annotations

__all__ = ["CborError", "item_end"]

MAX_DEPTH = 4
MAX_ITEMS = 256

_BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = 2, 3, 4, 5, 6, 7
_FALSE_TRUE_NULL = (20, 21, 22)


class CborError(ValueError):
    """Bytes that no authenticator sends. Turned into a ``FactorError`` by whoever asked."""


def item_end(data: bytes, start: int = 0) -> int:
    """Return where the item that begins at ``start`` ends.

    Raises ``CborError`` for what is cut short, has a tag, an indefinite length or a float, is nested deeper than
    ``MAX_DEPTH``, or has more than ``MAX_ITEMS`` items in all.
    """
    position = start
    open_items = [1]  # how many items are still to come, at each level
    seen = 0
    while open_items:
        if open_items[-1] == 0:
            open_items.pop()
            continue
        open_items[-1] -= 1
        seen += 1
        if seen > MAX_ITEMS:
            raise CborError("too many items")
        kind, value, position = _head(data, position)
        if kind in (_BYTES, _TEXT):
            position += value
            if position > len(data):
                raise CborError("cut short")
        elif kind in (_ARRAY, _MAP):
            if len(open_items) > MAX_DEPTH:
                raise CborError("nested too deep")
            open_items.append(value if kind == _ARRAY else 2 * value)
    return position


def _head(data: bytes, position: int) -> tuple[int, int, int]:
    """Return the major type, the argument, and where the head ends (RFC 8949 section 3)."""
    if position >= len(data):
        raise CborError("cut short")
    kind, short = data[position] >> 5, data[position] & 31
    position += 1
    if kind == _TAG:
        raise CborError("a tag")
    if kind == _SIMPLE:
        if short not in _FALSE_TRUE_NULL:
            raise CborError("neither false, true nor null")
        return kind, short, position
    if short < 24:
        return kind, short, position
    if short > 27:
        raise CborError("an indefinite length")
    size = 1 << (short - 24)
    if position + size > len(data):
        raise CborError("cut short")
    return kind, int.from_bytes(data[position : position + size], "big"), position + size

"""Writes bytes and sets of bytes in the syntax that RE2 and Hyperscan share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from bartizan.perimeter.waf.operators.pcre import sets

__all__ = ["write_run", "write_set"]


def _plain(byte: int) -> bytes:
    character = bytes((byte,))
    if character.isalnum() or character in b" _-/,:;<>=!@#%&~\"'`":
        return character
    return b"\\" + character if 0x20 < byte < 0x7F else b"\\x%02x" % byte


_OUTSIDE = [_plain(byte) for byte in range(256)]
_INSIDE = [b"\\-" if byte == 0x2D else _OUTSIDE[byte] for byte in range(256)]


def write_run(run: Sequence[int]) -> bytes:
    """Write sets one after the other; letters in both cases that are neighbours share one ``(?i:...)``."""
    parts: list[bytes] = []
    folded: list[bytes] = []
    for bytes_ in run:
        letter = sets.case_pair(bytes_)
        if letter is not None:
            folded.append(_OUTSIDE[letter])
            continue
        if folded:
            _flush(folded, parts)
        parts.append(write_set(bytes_))
    if folded:
        _flush(folded, parts)
    return b"".join(parts)


def _flush(folded: list[bytes], parts: list[bytes]) -> None:
    letters = b"".join(folded)
    parts.append(b"(?i:%b)" % letters if len(folded) > 1 else b"[%b%b]" % (letters.upper(), letters))
    folded.clear()


@lru_cache(maxsize=512)
def write_set(bytes_: int) -> bytes:
    """Write one set as a byte, ``.`` or a class; ``.`` means all bytes."""
    if bytes_ == sets.ALL:
        return b"."
    if bytes_.bit_count() == 1:
        return _OUTSIDE[bytes_.bit_length() - 1]
    if bytes_.bit_count() > 128:
        return b"[^%b]" % _ranges(sets.ALL ^ bytes_)
    return b"[%b]" % _ranges(bytes_) if bytes_ else b"[^\\x00-\\xff]"


def _ranges(bytes_: int) -> bytes:
    parts = []
    while bytes_:
        first = (bytes_ & -bytes_).bit_length() - 1
        rest = (bytes_ >> first) + 1
        length = (rest & -rest).bit_length() - 1
        last = first + length - 1
        parts.append(_INSIDE[first])
        if length > 2:
            parts.append(b"-")
        if length > 1:
            parts.append(_INSIDE[last])
        bytes_ &= ~sets.span(first, last)
    return b"".join(parts)

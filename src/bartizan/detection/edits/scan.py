"""Where in the bytes of a JSON text (RFC 8259) things are, so that something can be put in without writing it anew.

msgspec reads the whole text first, so that anything malformed is refused, and tells what each member and item is made
of; what is done here is to walk along these pieces. Nothing is searched for, so nothing can be found at a wrong place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

__all__ = ["Member", "Span", "items_at", "members_of", "parse"]

_SPACE = re.compile(rb"[ \t\r\n]*")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_raw_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_raw_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_parse = msgspec.json.Decoder().decode


class Span(NamedTuple):
    """From the first byte to behind the last."""

    start: int
    end: int


class Member(NamedTuple):
    """A member of an object: its name, where its name with quotes is, where its value is."""

    name: str
    key: Span
    value: Span


def parse(text: bytes) -> object:
    """Return what a JSON text says; raises ``ValueError`` for anything that is none, or is nested too deeply."""
    try:
        return _parse(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def items_at(text: bytes, path: Sequence[str]) -> list[Span]:
    """Return where the items of a list are, in a text that ``parse`` has read.

    ``path`` are the names that lead to the list. Raises ``ValueError`` where there is no list.
    """
    start, end = _whole(text)
    for name in path:
        found = next((member for member in members_of(text, Span(start, end)) if member.name == name), None)
        if found is None:
            raise ValueError(f"has no {name!r}")
        start, end = found.value
    try:
        pieces = _raw_items(text[start:end])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None
    spans = []
    at = start + 1
    for piece in pieces:
        span = _at(text, _space(text, at), bytes(piece))
        spans.append(span)
        at = _space(text, span.end) + 1  # the comma, or the bracket
    return spans


def members_of(text: bytes, span: Span) -> list[Member]:
    """Return the members of the object at a place, in order. Raises ``ValueError`` for no object, or a name twice."""
    try:
        pieces = _raw_members(text[span.start : span.end])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None
    members = []
    at = span.start + 1
    for name, piece in pieces.items():
        quoted = _STRING.match(text, _space(text, at))
        if quoted is None or msgspec.json.decode(quoted.group()) != name:
            raise ValueError("a name is there twice")
        key = Span(quoted.start(), quoted.end())
        value = _at(text, _space(text, _space(text, key.end) + 1), bytes(piece))
        members.append(Member(name, key, value))
        at = _space(text, value.end) + 1
    if at != span.end and not (at < span.end and not members):
        raise ValueError("a name is there twice")
    return members


def _whole(text: bytes) -> Span:
    start = _space(text, 0)
    return Span(start, len(text.rstrip(b" \t\r\n")))


def _space(text: bytes, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()


def _at(text: bytes, at: int, piece: bytes) -> Span:
    if not text.startswith(piece, at):
        raise ValueError("a name is there twice")
    return Span(at, at + len(piece))

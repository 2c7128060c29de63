"""JSON bodies (RFC 8259) as arguments, named as libmodsecurity 3.0.15 names them.

``{"a": {"b": [1, {"": null}]}}`` gives ``json.a.b.array_0`` = ``1`` and ``json.a.b.array_1.empty-key`` = ``""``.
Numbers stay as written, repeated keys are all kept, and a scalar document is ``json``.

Ordinary documents are read by the C scanner of the standard library; whatever it does not take as it is (an error,
invalid UTF-8, lone surrogates, deep nesting, very many values) is read again by `json_reader`, which is exact.
"""

from __future__ import annotations

import json

from bartizan.perimeter.waf.bodies.json_reader import TOO_MANY, name_room, read_json
from bartizan.perimeter.waf.bodies.result import Limits, ParsedBody

__all__ = ["parse_json"]

_PLAIN_DEPTH = 100  # deeper ones go to the reader, which does not recurse
_SPARE_VALUES = 65_536  # values beyond the limit that the C scanner may build before they are thrown away
_WORDS = {None: b"", True: b"true", False: b"false"}


class _Unusual(Exception):
    """The document is for `json_reader`."""


def _refuse(constant: str) -> str:
    raise _Unusual(constant)


_DECODER = json.JSONDecoder(object_pairs_hook=tuple, parse_int=str, parse_float=str, parse_constant=_refuse)
# Objects become tuples of pairs, arrays lists, numbers their own text; true, false and null stay what they are.


def parse_json(body: bytes, limits: Limits) -> ParsedBody:
    """Read a JSON body. An empty body has no arguments and no error, as in libmodsecurity."""
    if not body:
        return ParsedBody([])
    if body.count(b",") <= limits.arguments + _SPARE_VALUES:
        try:
            arguments = _read(body, limits)
        except (ValueError, RecursionError, _Unusual):
            pass
        else:
            if len(arguments) <= limits.arguments:
                return ParsedBody(arguments)
            return ParsedBody(arguments[: limits.arguments], f"JSON parsing error: {TOO_MANY}", True)
    return read_json(body, limits)


def _read(body: bytes, limits: Limits) -> list[tuple[bytes, bytes]]:
    document = _DECODER.decode(body.decode())
    walk = _Walk(name_room(len(body)), min(limits.json_depth, _PLAIN_DEPTH))
    kind = type(document)
    if kind is tuple:
        walk.members(document, b"json.", 1)
    elif kind is list:
        walk.elements(document, b"json.array_", 1)
    else:
        walk.arguments.append((b"json", document.encode() if kind is str else _WORDS[document]))
    return walk.arguments


class _Walk:
    """Goes through a document and lists its scalars. ``room`` bounds the bytes of all names together."""

    __slots__ = ("arguments", "depth", "room")

    def __init__(self, room: int, depth: int) -> None:
        self.arguments: list[tuple[bytes, bytes]] = []
        self.room = room
        self.depth = depth

    def _enter(self, children: int, prefix: bytes, depth: int) -> None:
        self.room -= children * len(prefix)
        if depth > self.depth or self.room < 0:
            raise _Unusual

    def members(self, pairs: tuple[tuple[str, object], ...], prefix: bytes, depth: int) -> None:
        """List what an object holds; ``prefix`` ends with the dot before its keys."""
        self._enter(len(pairs), prefix, depth)
        add = self.arguments.append
        for key, value in pairs:
            name = prefix + (key.encode() or b"empty-key")
            kind = type(value)
            if kind is str:
                add((name, value.encode()))  # type: ignore[attr-defined]
            elif kind is tuple:
                self.members(value, name + b".", depth + 1)  # type: ignore[arg-type]
            elif kind is list:
                self.elements(value, name + b".array_", depth + 1)  # type: ignore[arg-type]
            else:
                add((name, _WORDS[value]))  # type: ignore[index]

    def elements(self, values: list[object], prefix: bytes, depth: int) -> None:
        """List what an array holds; ``prefix`` stands before the index of each element."""
        self._enter(len(values), prefix, depth)
        add = self.arguments.append
        for index, value in enumerate(values):
            name = prefix + b"%d" % index
            kind = type(value)
            if kind is str:
                add((name, value.encode()))  # type: ignore[attr-defined]
            elif kind is tuple:
                self.members(value, name + b".", depth + 1)  # type: ignore[arg-type]
            elif kind is list:
                self.elements(value, name + b".array_", depth + 1)  # type: ignore[arg-type]
            else:
                add((name, _WORDS[value]))  # type: ignore[index]

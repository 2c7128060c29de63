"""The checked syntax tree of an expression, read from its serialised form.

``cel-expr-python`` gives out no tree, only a ``cel.expr.CheckedExpr`` (cel-spec, proto/cel/expr/checked.proto and
syntax.proto) in the wire format of Protocol Buffers, inside a ``google.protobuf.Any``. The field numbers below are
those of the specification.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Node", "Tree", "read_tree"]

Fields = dict[int, list["int | bytes"]]

_LENGTHS = {1: 8, 5: 4}  # bytes of fixed-size wire types
_BOOL = b"\x18\x01"
"""``Type { primitive: BOOL }``"""


@dataclass(frozen=True, slots=True)
class Node:
    """One node: ``kind`` is constant, name, select, has, call, list, struct or comprehension.

    ``name``: of a variable, a selected field or a function, or of the variable that goes through what the first part of
    a comprehension is. ``parts``: the operand of a select, target and arguments of a call, elements of a list, and
    whatever else is inside. ``value``: of a constant; None for null and bytes.
    """

    kind: str
    number: int
    name: str = ""
    parts: tuple[Node, ...] = ()
    value: str | int | float | bool | None = None

    def walk(self) -> Iterator[Node]:
        """Yield this node and all that are inside it."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True, slots=True)
class Tree:
    """A whole expression: its ``root``, where its nodes stand, and which of them are true or false."""

    root: Node
    offsets: dict[int, int]
    boolean: frozenset[int]

    def offset(self, node: Node) -> int:
        """Return how many characters stand before a node; for operators it is the operator itself."""
        return self.offsets.get(node.number, 0)


def read_tree(serialised: bytes) -> Tree:
    """Return the tree of what ``Expression.serialize()`` returned; raises ``ValueError`` for anything else."""
    checked = _fields(_bytes(_fields(serialised), 2))
    offsets = {_number(entry, 1): _number(entry, 2) for entry in _entries(_fields(_bytes(checked, 5)), 4)}
    types = {_number(entry, 1): _bytes(entry, 2) for entry in _entries(checked, 3)}
    boolean = frozenset(number for number, kind in types.items() if kind == _BOOL)
    return Tree(_node(_bytes(checked, 4)), offsets, boolean)


def _node(message: bytes) -> Node:
    fields = _fields(message)
    number = _number(fields, 2)
    for field, read in _KINDS.items():
        if field in fields:
            return read(number, _fields(_bytes(fields, field)))
    return Node("constant", number)


def _constant(number: int, fields: Fields) -> Node:
    if 6 in fields:
        return Node("constant", number, value=_text(fields, 6))
    if 2 in fields:
        return Node("constant", number, value=bool(_number(fields, 2)))
    if 5 in fields:
        return Node("constant", number, value=0.0)  # which number it is, nobody asks
    if 3 in fields or 4 in fields:
        return Node("constant", number, value=_number(fields, 3) or _number(fields, 4))
    return Node("constant", number)


def _name(number: int, fields: Fields) -> Node:
    return Node("name", number, _text(fields, 1))


def _select(number: int, fields: Fields) -> Node:
    return Node("has" if _number(fields, 3) else "select", number, _text(fields, 2), tuple(_nodes(fields, 1)))


def _call(number: int, fields: Fields) -> Node:
    return Node("call", number, _text(fields, 2), (*_nodes(fields, 1), *_nodes(fields, 3)))


def _list(number: int, fields: Fields) -> Node:
    return Node("list", number, "", tuple(_nodes(fields, 1)))


def _struct(number: int, fields: Fields) -> Node:
    inner = [node for entry in _entries(fields, 2) for node in (*_nodes(entry, 3), *_nodes(entry, 4))]
    return Node("struct", number, _text(fields, 1), tuple(inner))


def _comprehension(number: int, fields: Fields) -> Node:
    inner = [node for field in (2, 4, 5, 6, 7) for node in _nodes(fields, field)]
    return Node("comprehension", number, _text(fields, 1), tuple(inner))


_KINDS = {3: _constant, 4: _name, 5: _select, 6: _call, 7: _list, 8: _struct, 9: _comprehension}


def _fields(message: bytes) -> Fields:
    """Return the fields of a message by their numbers."""
    found: Fields = {}
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        value: int | bytes
        if kind == 0:
            value, at = _varint(message, at)
        else:
            if kind == 2:
                length, at = _varint(message, at)
            elif kind in _LENGTHS:
                length = _LENGTHS[kind]
            else:
                raise ValueError(f"wire type {kind} is not known")
            value = message[at : at + length]
            at += length
            if at > len(message):
                raise ValueError("a message is cut off")
        found.setdefault(key >> 3, []).append(value)
    return found


def _varint(message: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ValueError("a number is cut off")
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
    raise ValueError("a number is too long")


def _bytes(fields: Fields, number: int) -> bytes:
    value = fields.get(number, [b""])[-1]
    return value if isinstance(value, bytes) else b""


def _text(fields: Fields, number: int) -> str:
    return _bytes(fields, number).decode("utf-8", "replace")


def _number(fields: Fields, number: int) -> int:
    value = fields.get(number, [0])[-1]
    return value if isinstance(value, int) else 0


def _entries(fields: Fields, number: int) -> Iterator[Fields]:
    for entry in fields.get(number, ()):
        if isinstance(entry, bytes):
            yield _fields(entry)


def _nodes(fields: Fields, number: int) -> Iterator[Node]:
    for node in fields.get(number, ()):
        if isinstance(node, bytes):
            yield _node(node)

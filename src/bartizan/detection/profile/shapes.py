"""Shapes of JSON: names of members in order, types, forms, ranges, lengths, and no text that is somebody's."""

from __future__ import annotations

import math

import msgspec

from bartizan.detection.fakes.forms import is_variable
from bartizan.detection.fakes.plain import Json
from bartizan.detection.profile.candidates import Candidates, is_enumerable
from bartizan.detection.profile.texts import Texts

__all__ = ["Node", "learn"]

MAX_MEMBERS = 128
MAX_NAME = 64  # bytes
MAX_DEPTH = 10
MAX_ITEMS = 20  # of one list that are looked at
MAX_NODES = 1500  # of one document that are looked at
ALIKE = 4  # objects with the same members in one object, from which on they are taken for a collection by name
_IDS = ("id", "_id", "uuid", "uid", "guid", "key", "number", "code", "slug")


class Node(msgspec.Struct, omit_defaults=True):
    """What was seen at one place of a document; all numbers but the limits are counts."""

    nulls: int = 0
    booleans: int = 0
    integers: int = 0
    numbers: int = 0
    low: float = 0
    high: float = 0
    digits: int = 0
    """Decimal places of numbers."""
    texts: Texts | None = None
    objects: int = 0
    members: dict[str, Node] = {}
    present: dict[str, int] = {}
    """How many objects had a member."""
    map: Node | None = None
    """What all members look like, where their names are data: one of the API's objects by id."""
    lists: int = 0
    shortest: int = 0
    longest: int = 0
    items: Node | None = None

    @property
    def count(self) -> int:
        """How many values were seen."""
        texts = 0 if self.texts is None else self.texts.count
        return self.nulls + self.booleans + self.integers + self.numbers + texts + self.objects + self.lists

    def merge(self, other: Node) -> None:
        """Take in what was learned elsewhere."""
        if other.integers + other.numbers:
            self._span(other.low, other.high)
        self.nulls += other.nulls
        self.booleans += other.booleans
        self.integers += other.integers
        self.numbers += other.numbers
        self.digits = max(self.digits, other.digits)
        if other.texts is not None:
            self.texts = self.texts or Texts()
            self.texts.merge(other.texts)
        if other.lists:
            self._lengths(other.shortest, other.longest)
            self.lists += other.lists
        if other.items is not None:
            self.items = self.items or Node()
            self.items.merge(other.items)
        self.objects += other.objects
        if other.map is not None:
            self.become_map()
        for name, member in other.members.items():
            self.member(name).merge(member)
        for name, count in other.present.items():
            if name in self.members:
                self.present[name] = self.present.get(name, 0) + count
        if other.map is not None and self.map is not None:
            self.map.merge(other.map)

    def member(self, name: str) -> Node:
        """Return the node of a member, made if it is new; of one for all where names are data."""
        if self.map is not None:
            return self.map
        node = self.members.get(name)
        if node is None:
            if len(self.members) >= MAX_MEMBERS:
                return self.become_map()
            node = self.members[name] = Node()
        return node

    def size(self) -> int:
        """Return how many nodes there are, this one included."""
        below = [*self.members.values(), *(each for each in (self.items, self.map) if each is not None)]
        return 1 + sum([each.size() for each in below])

    def prune(self, depth: int) -> None:
        """Forget what lies deeper than ``depth`` levels."""
        if depth <= 0:
            self.members, self.present, self.items, self.map = {}, {}, None, None
            return
        for each in (*self.members.values(), self.items, self.map):
            if each is not None:
                each.prune(depth - 1)

    def become_map(self) -> Node:
        """Forget the names of members: they are data. Returns the node of all of them."""
        if self.map is None:
            self.map = Node()
            members, self.members, self.present = self.members, {}, {}
            for member in members.values():
                self.map.merge(member)
        return self.map

    def _span(self, low: float, high: float) -> None:
        known = self.integers + self.numbers
        self.low = min(self.low, low) if known else low
        self.high = max(self.high, high) if known else high

    def _lengths(self, shortest: int, longest: int) -> None:
        self.shortest = min(self.shortest, shortest) if self.lists else shortest
        self.longest = max(self.longest, longest)

    def number(self, value: float) -> None:
        """Take in a number."""
        self._span(value, value)
        if isinstance(value, int):
            self.integers += 1
            return
        self.numbers += 1
        self.digits = max(self.digits, min(len(repr(value).partition(".")[2]), 8))

    def list(self, length: int) -> Node:
        """Take in the length of a list; returns the node of its items."""
        self._lengths(length, length)
        self.lists += 1
        if self.items is None:
            self.items = Node()
        return self.items


def learn(node: Node, document: Json, place: str, identity: int, candidates: Candidates) -> None:
    """Take in one document. ``place`` names where it was seen, ``identity`` the resource that it shows."""
    left = MAX_NODES
    waiting: list[tuple[Node, Json, str, str, int, int]] = [(node, document, place, "", identity, 0)]
    while waiting and left:
        left -= 1
        at, value, where, name, who, depth = waiting.pop()
        if value is None:
            at.nulls += 1
        elif isinstance(value, bool):
            at.booleans += 1
        elif isinstance(value, int | float):
            if math.isfinite(value) and abs(value) < 2**63:
                at.number(value)
        elif isinstance(value, str):
            at.texts = at.texts or Texts()
            at.texts.learn(value, where, who, candidates, keepable=is_enumerable(name, value))
        elif depth < MAX_DEPTH:
            waiting.extend(_below(at, value, where, name, who, depth))


def _below(
    node: Node, value: dict[str, Json] | list[Json], where: str, name: str, who: int, depth: int
) -> list[tuple[Node, Json, str, str, int, int]]:
    """Return what is below an object or a list, the last first."""
    if isinstance(value, list):
        items = node.list(len(value))
        return [(items, item, where + "[]", name, who, depth + 1) for item in reversed(value[:MAX_ITEMS])]
    node.objects += 1
    who = _identity(value, who)
    below: list[tuple[Node, Json, str, str, int, int]] = []
    if node.map is None and (len(value) > MAX_MEMBERS or _is_map(value)):
        node.become_map()
    for key, member in value.items():
        if len(below) >= MAX_MEMBERS:
            break
        at = node.member(key)
        if node.map is None:
            node.present[key] = node.present.get(key, 0) + 1
        below.append((at, member, f"{where}.{'*' if node.map is not None else key}", key, who, depth + 1))
    below.reverse()
    return below


def _is_map(value: dict[str, Json]) -> bool:
    """Tell whether the names of an object's members are data: what they look like, or that what they name is alike."""
    if any(is_data(name) for name in value):
        return True
    members = list(value.values())
    first = members[0] if len(members) >= ALIKE else None
    return (
        isinstance(first, dict)
        and len(first) > 1
        and all(isinstance(member, dict) and member.keys() == first.keys() for member in members)
    )


def is_data(name: str) -> bool:
    """Tell whether the name of a member is rather an id, a date or a mail address than a name of the API's."""
    if len(name) > MAX_NAME or not name.isascii() or not name or "@" in name[1:] or " " in name.strip():
        return True
    return is_variable(name)


def _identity(value: dict[str, Json], who: int) -> int:
    """Return a number for an object: by its id, else by what it is part of and all that it holds."""
    for name in _IDS:
        own = value.get(name)
        if isinstance(own, str | int):
            return hash((name, own))
    return hash((who, str(value)[:2048]))

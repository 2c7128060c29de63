"""Facts about an exchange: from the values of a variable to the rules that may match because of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bartizan.perimeter.waf.compiler.atoms import Atom
from bartizan.perimeter.waf.engine.variables import READERS, Reader
from bartizan.perimeter.waf.transformations import TRANSFORMATIONS

if TYPE_CHECKING:
    from bartizan.perimeter.waf.engine.transaction import Transaction

__all__ = ["Counting", "Facts", "collection_facts", "counting_facts", "scalar_facts"]

Facts = Callable[["Transaction"], int]
Ask = Callable[[bytes], int]

REMEMBERED = 16384  # pairs of name and value


@dataclass(frozen=True, slots=True)
class Counting:
    """A rule (``bit``) that asks how many members a collection has; ``fetch`` reads the number."""

    bit: int
    fetch: Reader
    atoms: Sequence[Atom]


def scalar_facts(variable: str, ask: Ask) -> Facts:
    """Return the facts of a variable with one value."""
    reader = READERS[variable]

    def facts(transaction: Transaction) -> int:
        answer = 0
        for _, value in reader(transaction):
            answer |= ask(value)
        return answer

    return facts


def collection_facts(
    variable: str,
    whole: Ask | None,
    members: Mapping[bytes, Ask],
    xpaths: Mapping[bytes, Ask],
    left_out: Sequence[tuple[Callable[[bytes], bool], int]],
) -> Facts:
    """Return the facts of a collection.

    ``whole`` answers for every member, ``members`` for those of a name (lower case), ``xpaths`` for what an XPath
    finds. ``left_out`` are members that rules (a set of bits) do not look at.
    """
    if xpaths:
        return _xml_facts(xpaths)
    pair = _pair(whole, members, left_out)
    reader = READERS[variable]
    if whole is None and variable == "REQUEST_HEADERS":
        return _header_facts(members)
    if not (members or left_out) and whole is not None:
        return _value_facts(reader, whole)
    known: dict[int, int] = {}
    get = known.get

    def facts(transaction: Transaction) -> int:
        answer = 0
        for item in reader(transaction):
            key = hash(item)
            found = get(key)
            if found is None:
                found = pair(*item)
                if len(item[1]) <= REMEMBERED_LENGTH:
                    if len(known) >= REMEMBERED:
                        known.clear()
                    known[key] = found
            answer |= found
        return answer

    if sys.flags.hash_randomization:
        return facts  # remembered by a keyed hash: see groups.remembering

    def unremembered(transaction: Transaction) -> int:
        answer = 0
        for name, value in reader(transaction):
            answer |= pair(name, value)
        return answer

    return unremembered


REMEMBERED_LENGTH = 2048  # bytes


def _pair(
    whole: Ask | None, members: Mapping[bytes, Ask], left_out: Sequence[tuple[Callable[[bytes], bool], int]]
) -> Callable[[bytes, bytes], int]:
    def pair(name: bytes, value: bytes) -> int:
        answer = 0 if whole is None else whole(value)
        if answer:
            for excludes, bit in left_out:
                if answer & bit and excludes(name):
                    answer &= ~bit
        member = members.get(name.lower()) if members else None
        return answer if member is None else answer | member(value)

    return pair


def _value_facts(reader: Reader, ask: Ask) -> Facts:
    def facts(transaction: Transaction) -> int:
        answer = 0
        for _, value in reader(transaction):
            answer |= ask(value)
        return answer

    return facts


def _header_facts(members: Mapping[bytes, Ask]) -> Facts:
    asked = tuple(members.items())

    def facts(transaction: Transaction) -> int:
        answer = 0
        headers = transaction.headers
        for name, ask in asked:
            if name in headers:
                for _, value in headers[name]:
                    answer |= ask(value)
        return answer

    return facts


def _xml_facts(xpaths: Mapping[bytes, Ask]) -> Facts:
    asked = tuple(xpaths.items())

    def facts(transaction: Transaction) -> int:
        document = transaction.xml
        answer = 0
        if document is not None:
            for expression, ask in asked:
                for value in document.xpath(expression):
                    answer |= ask(value)
        return answer

    return facts


def counting_facts(counting: Sequence[Counting]) -> Facts:
    """Return the facts of numbers of members."""

    def facts(transaction: Transaction) -> int:
        answer = 0
        for counted in counting:
            for _, number in counted.fetch(transaction):
                for atom in counted.atoms:
                    text = number
                    for step in atom.steps:
                        text = TRANSFORMATIONS[step](text)
                    if (atom.operator(text) is None) is atom.negated:
                        answer |= counted.bit
        return answer

    return facts

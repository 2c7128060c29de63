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

__all__ = [
    "BODY_VARIABLES",
    "HEAD_VARIABLES",
    "Counting",
    "Facts",
    "body_facts",
    "collection_facts",
    "counting_facts",
    "head_facts",
    "scalar_facts",
    "xml_facts",
]

Facts = Callable[["Transaction"], int]
Ask = Callable[[bytes], int]

REMEMBERED = 16384  # pairs of name and value
REMEMBERED_HEADS = 4096

HEAD_VARIABLES = (
    "AUTH_TYPE",
    "REMOTE_ADDR",
    "REMOTE_HOST",
    "REQUEST_COOKIES",
    "REQUEST_COOKIES_NAMES",
    "REQUEST_HEADERS",
    "REQUEST_HEADERS_NAMES",
    "REQUEST_METHOD",
    "REQUEST_PROTOCOL",
    "SERVER_ADDR",
    "SERVER_NAME",
    "SERVER_PORT",
)
"""Variables that are told by method, protocol, header fields and addresses: the same for most requests of a client."""

BODY_VARIABLES = tuple(
    name
    for name in READERS
    if name.startswith(("ARGS_POST", "FILES", "MULTIPART_", "REQBODY_ERROR", "REQBODY_PROCESSOR_ERROR", "XML"))
    or name in ("REQUEST_BODY", "REQUEST_BODY_LENGTH")
)
"""Variables that are always the same where there is no body, and no error because of that."""


@dataclass(frozen=True, slots=True)
class Counting:
    """A rule (``bit``) that asks how many members a collection has; ``fetch`` reads the number."""

    variable: str
    bit: int
    fetch: Reader
    atoms: Sequence[Atom]


def head_facts(parts: Sequence[Facts]) -> Facts:
    """Return the facts of ``HEAD_VARIABLES`` together, remembered for the last heads by a keyed hash."""
    everything = _all(parts)
    if not sys.flags.hash_randomization:
        return everything
    known: dict[int, int] = {}
    get = known.get

    def facts(transaction: Transaction) -> int:
        head = transaction.head
        key = hash((head.method, head.protocol, head.client, head.server, head.server_port, *head.headers))
        answer = get(key)
        if answer is None:
            answer = everything(transaction)
            if len(known) >= REMEMBERED_HEADS:
                known.clear()
            known[key] = answer
        return answer

    return facts


def body_facts(parts: Sequence[Facts]) -> Facts:
    """Return the facts of ``BODY_VARIABLES`` together; where there is no body they are known."""
    everything = _all(parts)
    without: int | None = None

    def facts(transaction: Transaction) -> int:
        nonlocal without
        if transaction.body or transaction.body_error or transaction.multipart is not None:
            return everything(transaction)
        if without is None:
            without = everything(transaction)
        return without

    return facts


def _all(parts: Sequence[Facts]) -> Facts:
    asked = tuple(parts)

    def facts(transaction: Transaction) -> int:
        answer = 0
        for each in asked:
            answer |= each(transaction)
        return answer

    return facts


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
    left_out: Sequence[tuple[Callable[[bytes], bool], int]],
) -> Facts:
    """Return the facts of a collection.

    ``whole`` answers for every member, ``members`` for those of a name (lower case). ``left_out`` are members that
    rules (a set of bits) do not look at.
    """
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


def xml_facts(xpaths: Mapping[bytes, Ask]) -> Facts:
    """Return the facts of an XML body: ``xpaths`` answer for what each finds."""
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

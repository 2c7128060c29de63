"""Collections that outlive a transaction: IP, GLOBAL, SESSION, USER, RESOURCE.

Here they are data: what was loaded, what rules changed. Whoever drives the transaction loads what ``wanted`` names
before it goes on, and stores ``changes`` at the end by merging them into what is stored by then, so that counters that
several processes raise at once lose nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

__all__ = ["Change", "Collections", "Members", "merge", "storage_key", "to_number"]

MAX_MEMBERS = 1024
MAX_KEY = 256  # bytes of a collection's key

Held = tuple[bytes, float, float]
"""A value, its expiry (0: that of the collection), and when it was changed last: Unix time in seconds."""

Members = dict[bytes, Held]

_DECODER = msgspec.msgpack.Decoder(Members)
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a member, ``now``. Times are Unix time in seconds.

    ``amount`` is what ``add`` adds, and what ``lower`` takes off for every ``period`` seconds since the last change;
    ``expires`` is for ``expire``.
    """

    kind: Literal["set", "add", "unset", "expire", "lower"]
    name: bytes
    value: bytes = b""
    amount: int = 0
    expires: float = 0.0
    period: int = 0
    now: float = 0.0


class Collections:
    """The persistent collections of one transaction.

    ``timeout`` is SecCollectionTimeout, in seconds; ``loads`` whether any rule reads what is stored.
    """

    __slots__ = ("_loaded", "_loads", "changes", "keys", "timeout", "wanted")

    def __init__(self, timeout: float, *, loads: bool = True) -> None:
        self.timeout = timeout
        self._loads = loads
        self.keys: dict[str, bytes] = {}
        """By collection: which one of its kind this transaction uses."""
        self.wanted: list[str] = []
        """Collections that were initialised and not loaded yet."""
        self.changes: dict[str, list[Change]] = {}
        self._loaded: dict[str, Members] = {}

    def initialise(self, collection: str, key: bytes) -> None:
        """``initcol``: use the collection of this key, unless one is used already."""
        if key and collection not in self.keys:
            self.keys[collection] = key[:MAX_KEY]
            if self._loads:
                self.wanted.append(collection)

    def load(self, collection: str, stored: bytes | None, now: float) -> None:
        """Give a wanted collection its content; ``now`` is Unix time in seconds."""
        members = self._loaded[collection] = _live(stored, now)
        for change in self.changes.get(collection, ()):
            _apply(members, change)
        if collection in self.wanted:
            self.wanted.remove(collection)

    def members(self, collection: str) -> Sequence[tuple[bytes, bytes]]:
        """Return the members that live, as rules see them."""
        loaded = self._loaded.get(collection)
        return [] if loaded is None else [(name, held[0]) for name, held in loaded.items()]

    def get(self, collection: str, name: bytes) -> bytes:
        """Return one member's value, empty if there is none."""
        return self._loaded.get(collection, {}).get(name, (b"", 0.0, 0.0))[0]

    def change(self, collection: str, change: Change) -> None:
        """Change a member here, and remember the change for the end."""
        if collection not in self.keys:
            return
        self.changes.setdefault(collection, []).append(change)
        _apply(self._loaded.setdefault(collection, {}), change)


def storage_key(collection: str, key: bytes) -> bytes:
    """Return the key of a collection in the shared state."""
    return b"waf/%b/%b" % (collection.lower().encode("ascii"), key)


def merge(stored: bytes | None, changes: Sequence[Change], now: float) -> bytes:
    """Return what is to be stored: ``stored`` with ``changes``; ``now`` is Unix time in seconds."""
    members = _live(stored, now)
    for change in changes:
        _apply(members, change)
    return _encode(members)


def _live(stored: bytes | None, now: float) -> Members:
    if stored is None:
        return {}
    members: Mapping[bytes, Held] = _DECODER.decode(stored)
    return {name: held for name, held in members.items() if not held[1] or held[1] > now}


def _apply(members: Members, change: Change) -> None:
    held = members.get(change.name)
    if held is None:
        _apply_to_none(members, change)
        return
    value, expires, changed = held
    match change.kind:
        case "unset":
            del members[change.name]
        case "expire":
            members[change.name] = (value, change.expires, changed)
        case "set":
            members[change.name] = (change.value, expires, change.now)
        case "add":
            members[change.name] = (b"%d" % (to_number(value) + change.amount), expires, change.now)
        case "lower":
            periods = int((change.now - changed) // change.period) if change.period > 0 else 0
            if periods > 0:
                lowered = max(0, to_number(value) - periods * change.amount)
                members[change.name] = (b"%d" % lowered, expires, changed + periods * change.period)


def _apply_to_none(members: Members, change: Change) -> None:
    if len(members) >= MAX_MEMBERS:
        return
    if change.kind == "set":
        members[change.name] = (change.value, 0.0, change.now)
    elif change.kind == "add":
        members[change.name] = (b"%d" % change.amount, 0.0, change.now)


def to_number(text: bytes) -> int:
    """Read the number at the beginning of a text as C's ``stoi`` does; 0 if there is none."""
    if len(text) < 10 and text.isdigit():
        return int(text)
    stripped = text.lstrip(b" \t\n\v\f\r")[:20]
    end = 1 if stripped[:1] in (b"-", b"+") else 0
    while end < len(stripped) and stripped[end : end + 1].isdigit():
        end += 1
    try:
        return int(stripped[:end])
    except ValueError:
        return 0

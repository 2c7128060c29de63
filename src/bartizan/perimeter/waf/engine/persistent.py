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

Members = dict[bytes, tuple[bytes, float]]
"""Values with their expiry: Unix time in seconds, or 0 for that of the collection."""

_DECODER = msgspec.msgpack.Decoder(dict[bytes, tuple[bytes, float]])
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a member; ``amount`` is for ``add``, ``expires`` for ``expire`` (Unix time in seconds)."""

    kind: Literal["set", "add", "unset", "expire"]
    name: bytes
    value: bytes = b""
    amount: int = 0
    expires: float = 0.0


class Collections:
    """The persistent collections of one transaction. ``timeout`` is SecCollectionTimeout, in seconds."""

    __slots__ = ("_loaded", "changes", "keys", "timeout", "wanted")

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
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
        return [] if loaded is None else [(name, value) for name, (value, _) in loaded.items()]

    def get(self, collection: str, name: bytes) -> bytes:
        """Return one member's value, empty if there is none."""
        return self._loaded.get(collection, {}).get(name, (b"", 0.0))[0]

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
    members: Mapping[bytes, tuple[bytes, float]] = _DECODER.decode(stored)
    return {name: held for name, held in members.items() if not held[1] or held[1] > now}


def _apply(members: Members, change: Change) -> None:
    held = members.get(change.name)
    if change.kind == "unset":
        members.pop(change.name, None)
    elif change.kind == "expire":
        if held is not None:
            members[change.name] = (held[0], change.expires)
    elif held is None and len(members) >= MAX_MEMBERS:
        return
    elif change.kind == "set":
        members[change.name] = (change.value, 0.0 if held is None else held[1])
    else:
        before = b"" if held is None else held[0]
        members[change.name] = (b"%d" % (to_number(before) + change.amount), 0.0 if held is None else held[1])


def to_number(text: bytes) -> int:
    """Read the number at the beginning of a text as C's ``stoi`` does; 0 if there is none."""
    stripped = text.lstrip(b" \t\n\v\f\r")[:20]
    end = 1 if stripped[:1] in (b"-", b"+") else 0
    while end < len(stripped) and stripped[end : end + 1].isdigit():
        end += 1
    try:
        return int(stripped[:end])
    except ValueError:
        return 0

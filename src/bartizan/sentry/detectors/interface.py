"""What a detector is, and what it may remember."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

import msgspec

from bartizan.detection.risk import RiskSignal
from bartizan.evidence.journal import Record

__all__ = ["Detector", "Shelf"]

T = TypeVar("T")
MAX_ITEMS = 50_000


class Shelf(Generic[T]):
    """What a detector remembers, item by item: at most ``maximum``, those that were put last.

    It is kept together with how far the journals were read, so that a restart neither forgets nor repeats anything.
    """

    def __init__(self, kind: type[T], maximum: int = MAX_ITEMS) -> None:
        self._items: OrderedDict[str, T] = OrderedDict()
        self._decoder = msgspec.msgpack.Decoder(kind)
        self._maximum = maximum
        self._dirty: set[str] = set()

    def __len__(self) -> int:
        return len(self._items)

    def get(self, key: str) -> T | None:
        """Return an item, or None."""
        return self._items.get(key)

    def put(self, key: str, item: T) -> None:
        """Remember an item under a key."""
        self._items[key] = item
        self._items.move_to_end(key)
        self._dirty.add(key)
        if len(self._items) > self._maximum:
            self._dirty.add(self._items.popitem(last=False)[0])

    def changes(self) -> dict[str, bytes]:
        """Return what has changed since this was last called, as bytes; empty for what has gone."""
        dirty, self._dirty = self._dirty, set()
        encode = msgspec.msgpack.encode
        return {key: encode(item) if (item := self._items.get(key)) is not None else b"" for key in dirty}

    def load(self, key: str, data: bytes) -> None:
        """Take in what ``changes`` returned; raises ``ValueError`` for anything else."""
        self._items[key] = self._decoder.decode(data)


class Detector(Protocol[T]):
    """Finds signals in records. It knows what it is given, and its own shelf."""

    @property
    def name(self) -> str:
        """Names it and its shelf."""
        ...

    @property
    def remembers(self) -> type[T]:
        """What is on its shelf."""
        ...

    def on_record(self, record: Record, shelf: Shelf[T]) -> Iterable[RiskSignal]:
        """Look at one record, in the order in which its worker wrote them."""
        ...

"""Messages of feeds that are decoded one by one, so that one which cannot be read stops nobody from reading on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from bartizan.storage.state.interface import FeedItem

__all__ = ["decoded"]

T = TypeVar("T")


def decoded(items: Sequence[FeedItem], decode: Callable[[bytes], T]) -> list[tuple[bytes, T | None]]:
    """Return what the messages say, each with its cursor; None for one that ``decode`` cannot read."""
    return [(item.cursor, _read(item.payload, decode)) for item in items]


def _read(payload: bytes, decode: Callable[[bytes], T]) -> T | None:
    try:
        return decode(payload)
    except (msgspec.MsgspecError, ValueError):
        return None

"""What an edge process asks of control: it has no records, so it only says what has to be done to them.

A message goes into the feed ``access``; control follows it (``control/follower.py``). What must be in force at once,
the end of a session, is done in the shared state by the edge itself.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from bartizan.storage.state.interface import FeedItem, State

__all__ = ["Notice", "notices", "notify"]

KEEP = 86_400.0  # seconds that a notice can be read: control may be away
_TOPIC = b"access"


class Notice(msgspec.Struct, frozen=True):
    """One thing to be done: quarantine a device, because of ``reason``."""

    what: Literal["quarantine"]
    device: str
    session: str
    reason: str


async def notify(state: State, notice: Notice) -> None:
    """Leave a notice for control."""
    await state.publish(_TOPIC, msgspec.msgpack.encode(notice), KEEP)


async def notices(state: State, after: bytes | None) -> list[tuple[bytes, Notice]]:
    """Return notices since a cursor, each with its own cursor."""
    items: list[FeedItem] = await state.read(_TOPIC, after)
    return [(item.cursor, msgspec.msgpack.decode(item.payload, type=Notice)) for item in items]

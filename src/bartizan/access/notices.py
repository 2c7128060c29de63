"""What others ask of control: they have no records, so they only say what has to be done to them.

A message goes into the feed ``access``; control follows it (``control/follower.py``). What must be in force at once,
the end of a session, is done in the shared state by the edge itself.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from bartizan.storage.state.feed import decoded
from bartizan.storage.state.interface import State

__all__ = ["Notice", "notices", "notify"]

KEEP = 86_400.0  # seconds that a notice can be read: control may be away
_TOPIC = b"access"


class Notice(msgspec.Struct, frozen=True):
    """One thing to be done, because of ``reason``; ``at`` is when it was asked for, in Unix seconds.

    ``quarantine`` a device; ``release`` it from quarantine; ``reinstate`` a session that was revoked, found by its
    ``digest``.
    """

    what: Literal["quarantine", "release", "reinstate"]
    device: str
    session: str
    reason: str
    digest: bytes = b""
    at: float = 0.0


async def notify(state: State, notice: Notice) -> None:
    """Leave a notice for control."""
    await state.publish(_TOPIC, msgspec.msgpack.encode(notice), KEEP)


async def notices(state: State, after: bytes | None) -> list[tuple[bytes, Notice | None]]:
    """Return notices since a cursor, each with its own; None for a message that cannot be read."""
    return decoded(await state.read(_TOPIC, after), msgspec.msgpack.Decoder(Notice).decode)

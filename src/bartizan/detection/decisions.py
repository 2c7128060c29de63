"""Decisions: what was done by itself because of a risk and lasts beyond one exchange, and how it is undone.

The edge takes them, the feed ``decisions`` tells of them. What has to be looked up to undo one, whether the person and
the device may still log in, is in the records: so control does it (``control/follower.py``), when it is asked to.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from bartizan.access.notices import Notice, notify
from bartizan.storage.state.feed import decoded
from bartizan.storage.state.interface import State

__all__ = ["Decision", "Done", "decisions", "note_decision", "undo"]

KEEP = 30 * 86_400.0  # seconds that a decision can be read
MAX_BECAUSE = 500  # characters
_TOPIC = b"decisions"

Done = Literal["revoke_session", "quarantine_device"]


class Decision(msgspec.Struct, frozen=True):
    """One decision, taken ``at`` (Unix seconds).

    ``session`` and ``device`` are ids, ``principal`` a name, ``digest`` what finds the session in the state; ``actors``
    are the keys of all whom it is about, the one whose ``risk`` (0 to 100) led to it first.
    """

    id: str
    at: float
    what: Done
    session: str
    digest: bytes
    device: str
    principal: str
    actors: tuple[str, ...]
    risk: float
    because: str


async def note_decision(state: State, decision: Decision) -> None:
    """Tell of a decision; raises ``StateError``."""
    await state.publish(_TOPIC, msgspec.msgpack.encode(decision), KEEP)


async def decisions(state: State, after: bytes | None, limit: int = 100) -> list[tuple[bytes, Decision | None]]:
    """Return decisions since a cursor, each with its own; None for a message that cannot be read."""
    return decoded(await state.read(_TOPIC, after, limit), msgspec.msgpack.Decoder(Decision).decode)


async def undo(state: State, decision: Decision, *, because: str, now: float) -> None:
    """Have a decision undone; raises ``StateError``. To ask twice does no harm.

    The device is trusted again, and the session is as it was, unless it would have run out or been ended meanwhile.
    Withdraw the standings that led to it first, or it is taken again.
    """
    if decision.what == "quarantine_device":
        notice = Notice("release", decision.device, decision.session, because[:MAX_BECAUSE], at=now)
        await notify(state, notice)
    notice = Notice(
        "reinstate", decision.device, decision.session, because[:MAX_BECAUSE], digest=decision.digest, at=now
    )
    await notify(state, notice)

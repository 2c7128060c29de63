"""Pardons: somebody says that what raised an actor's risk was no attack. The sentry carries them out.

It forgets what contributed to the risk and what spread from it to others, withdraws standings, and undoes decisions
that name any actor whose risk has changed by it (``decisions.py``).
"""

from __future__ import annotations

import secrets

import msgspec

from bartizan.detection.actors import parse_actor
from bartizan.storage.state.feed import decoded
from bartizan.storage.state.interface import State

__all__ = ["Pardon", "pardon", "pardons"]

KEEP = 30 * 86_400.0  # seconds that a pardon can be read: the sentry may be away
MAX_BECAUSE = 500  # characters
MAX_NAME = 100  # characters
_TOPIC = b"pardons"


class Pardon(msgspec.Struct, frozen=True):
    """One pardon: ``actor`` is a key (``address:192.0.2.7``), ``by`` who gave it, ``at`` when, in Unix seconds."""

    id: str
    actor: str
    because: str
    by: str
    at: float


async def pardon(state: State, actor: str, *, because: str, by: str, now: float) -> Pardon:
    """Ask for a pardon of an actor, ``kind:value`` or a bare address; ``now`` is Unix time in seconds.

    Raises ``ValueError`` for what is no actor and for no reason, ``StateError`` if the state cannot be written.
    """
    if not because.strip():
        raise ValueError("say why: a pardon without a reason cannot be judged later")
    given = Pardon(secrets.token_hex(8), parse_actor(actor), because.strip()[:MAX_BECAUSE], by[:MAX_NAME], now)
    await state.publish(_TOPIC, msgspec.msgpack.encode(given), KEEP)
    return given


async def pardons(state: State, after: bytes | None, limit: int = 100) -> list[tuple[bytes, Pardon | None]]:
    """Return pardons since a cursor, each with its own; None for a message that cannot be read."""
    return decoded(await state.read(_TOPIC, after, limit), msgspec.msgpack.Decoder(Pardon).decode)

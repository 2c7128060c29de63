"""WebAuthn challenges: 32 random bytes, good once, for five minutes, and only in the transaction they were made for.

A challenge is an entry of the shared state under its purpose, its transaction and itself, all digested. It is spent by
removing the entry, which works for exactly one of those who try, on whatever edge or control process.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
from collections.abc import Callable
from typing import Literal

from bartizan.errors import FactorError, TooManyAttempts
from bartizan.storage.state.interface import State

__all__ = ["LIFETIME", "ChallengePurpose", "Challenges"]

LIFETIME = 300.0  # seconds; also the time that browsers are told to wait for a gesture
PER_TRANSACTION = 30
"""Challenges of one purpose that a transaction gets within ``LIFETIME``, so that nobody fills the state with them."""

ChallengePurpose = Literal["register", "login", "factor", "reauth", "approve"]

_EXPIRES = struct.Struct("!d")


class Challenges:
    """Issues and spends challenges. ``clock`` is Unix time in seconds."""

    def __init__(self, state: State, clock: Callable[[], float]) -> None:
        self._state = state
        self._clock = clock

    async def issue(self, purpose: ChallengePurpose, transaction: str) -> bytes:
        """Return a new challenge; ``transaction`` is whatever the answer has to come with, such as a login's token.

        Raises ``TooManyAttempts`` for a transaction that asks again and again, and ``StateError``.
        """
        scope = _scope(purpose, transaction)
        if await self._state.increment(b"webauthn/count/" + scope, ttl=LIFETIME) > PER_TRANSACTION:
            raise TooManyAttempts(LIFETIME)
        challenge = secrets.token_bytes(32)
        expires = self._clock() + LIFETIME
        await self._state.put(_key(scope, challenge), _EXPIRES.pack(expires), LIFETIME)
        return challenge

    async def spend(self, purpose: ChallengePurpose, transaction: str, challenge: bytes) -> None:
        """Use a challenge up.

        Raises ``FactorError`` (``challenge_expired``) for one that is too old, was used, or was made for another
        purpose or transaction, or never; and ``StateError``.
        """
        key = _key(_scope(purpose, transaction), challenge)
        stored = await self._state.get(key)
        # Both look at the same entry, which nobody writes again: the challenge is part of the key.
        if stored is None or not await self._state.delete(key) or _EXPIRES.unpack(stored)[0] <= self._clock():
            raise FactorError("challenge_expired", "This request is too old or was answered already. Try again.")


def _scope(purpose: ChallengePurpose, transaction: str) -> bytes:
    return purpose.encode() + b"/" + hashlib.sha256(transaction.encode("utf-8", "surrogatepass")).digest()


def _key(scope: bytes, challenge: bytes) -> bytes:
    return b"webauthn/" + scope + b"/" + hashlib.sha256(challenge).digest()

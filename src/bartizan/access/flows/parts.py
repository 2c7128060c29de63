"""What flows are made of: every part that they use, passed in once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from bartizan.access.approvals import Approvals, PlaceOf
from bartizan.access.authentication import Authentication
from bartizan.access.factors.push import Pusher
from bartizan.access.factors.webauthn import WebAuthn
from bartizan.access.flows.enrolment_state import Enrolment
from bartizan.access.flows.lookup import StandIn
from bartizan.access.passwords.breached import BreachedPasswords
from bartizan.access.passwords.hashing import Passwords
from bartizan.access.passwords.policy import PasswordPolicy, policy_for
from bartizan.access.passwords.threads import HashingLanes
from bartizan.access.sessions.store import SessionStore
from bartizan.access.throttle import ConsecutiveFailures, LoginThrottle
from bartizan.access.transactions import Transactions
from bartizan.config.model import Access
from bartizan.keys.vault import Vault
from bartizan.pipeline import Signal
from bartizan.storage.records.entities import AuditEvent
from bartizan.storage.records.store import RecordStore, Transaction
from bartizan.storage.state.interface import State

__all__ = ["Background", "Parts", "Signals", "audited", "tried"]

T = TypeVar("T")


class Signals(Protocol):
    """Takes signals; ``exchange`` is the id of the exchange that one is about."""

    def __call__(self, signal: Signal, exchange: str = "") -> None:
        """Take a signal."""
        ...


class Background(Protocol):
    """Does things after the answer."""

    def __call__(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it soon; what it raises is logged."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """Every part, with the configuration. ``clock`` is Unix time in seconds."""

    access: Access
    clock: Callable[[], float]
    records: RecordStore
    state: State
    sessions: SessionStore
    authentications: Transactions[Authentication]
    enrolments: Transactions[Enrolment]
    passwords: Passwords
    hashing: HashingLanes
    """Threads for password hashing, so that logins do not keep everybody else waiting."""
    breached: BreachedPasswords | None
    webauthn: WebAuthn
    approvals: Approvals
    throttle: LoginThrottle
    in_a_row: ConsecutiveFailures
    vault: Vault
    pusher: Pusher
    stand_in: StandIn
    place_of: PlaceOf
    signals: Signals
    later: Background

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Do something in a transaction of the records, in a thread; raises what ``work`` does."""
        return await asyncio.to_thread(self._in_transaction, work, read_only=False)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Read from the records, in a thread."""
        return await asyncio.to_thread(self._in_transaction, work, read_only=True)

    async def hashed(self, work: Callable[[], T], *, is_guess: bool = False) -> T:
        """Do something that hashes passwords, in a thread of their own. Raises ``TooManyAttempts`` if too much waits.

        ``is_guess``: whoever asks has neither a device that is trusted nor anything else of the person's.
        """
        lane = self.hashing.guesses if is_guess else self.hashing.known
        return await asyncio.get_running_loop().run_in_executor(lane, work)

    def policy(self, groups: Collection[str]) -> PasswordPolicy:
        """Return the password policy for a member of ``groups``."""
        return policy_for(self.access, groups)

    def _in_transaction(self, work: Callable[[Transaction], T], *, read_only: bool) -> T:
        with self.records.transaction(read_only=read_only) as tx:
            return work(tx)


def audited(
    tx: Transaction, time: float, actor: str, action: str, *, target: str = "", address: str = "", **details: str
) -> None:
    """Add to the audit trail that something succeeded; ``action`` is dotted and stable."""
    event = AuditEvent(time=time, actor=actor, action=action, target=target, address=address, details=details)
    tx.audit.add(event)


def tried(
    tx: Transaction,
    time: float,
    actor: str,
    action: str,
    *,
    right: bool,
    target: str = "",
    address: str = "",
    **details: str,
) -> None:
    """Add to the audit trail that something was tried, and whether it was ``right``."""
    tx.audit.add(
        AuditEvent(
            time=time,
            actor=actor,
            action=action,
            target=target,
            address=address,
            outcome="success" if right else "failure",
            details=details,
        )
    )

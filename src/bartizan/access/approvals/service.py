"""Approvals over the records: asked for, decided, used.

All methods work inside a transaction of the caller's, which has to be committed whatever comes out: a wrong number
counts only then. What is refused without a trace raises instead. They block, as the records do.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import msgspec

from bartizan.access.approvals import signals
from bartizan.access.approvals.machine import (
    KINDS,
    MAX_ATTEMPTS,
    Decider,
    Event,
    Verdict,
    check_may,
    event_of,
    next_status,
    status_at,
)
from bartizan.access.factors.numbers import new_number
from bartizan.config.model import Access
from bartizan.errors import AccessError
from bartizan.pipeline import Signal
from bartizan.storage.records.entities import Approval, ApprovalKind, ApprovalStatus, new_id
from bartizan.storage.records.store import Transaction

__all__ = ["Approvals", "Asked", "Decision", "Shown", "TooMany"]

HOUR = 3600.0
RECOVERY_OPEN = 72 * HOUR
"""Seconds in which a recovery can be completed after its waiting period."""
RESET_OPEN = 24 * HOUR


class Asked(msgspec.Struct, frozen=True):
    """A request that waits. ``number`` is shown to whoever asks, and to nobody else; ``expires`` is Unix seconds."""

    id: str
    number: str
    expires: float
    not_before: float = 0.0


class TooMany(msgspec.Struct, frozen=True):
    """A request that was not made: the person has been asked too often. ``retry_after`` is in seconds."""

    retry_after: float
    signals: tuple[Signal, ...]


class Shown(msgspec.Struct, frozen=True):
    """What whoever decides sees of a request: neither the number nor what follows from it. Times: Unix seconds."""

    id: str
    kind: ApprovalKind
    principal: str
    context: dict[str, str]
    created: float
    expires: float
    not_before: float
    approved: bool
    """It can be cancelled only (recovery)."""
    requested_by: str


class Decision(msgspec.Struct, frozen=True):
    """What came of an answer.

    ``event`` is ``gone`` for what was decided before, or has expired. After ``not_me`` the caller ends the login that
    asked, and its sessions, and the person changes the password (``compromised``). ``signals`` are the caller's to
    raise.
    """

    approval: Approval
    event: Event | Literal["gone"]
    attempts_left: int = 0
    signals: tuple[Signal, ...] = ()

    @property
    def approved(self) -> bool:
        """Whether this answer agreed."""
        return self.event == "approve"

    @property
    def password_change(self) -> bool:
        """Whether somebody else has the password: the person says so. Nobody asks without the right one."""
        return self.event == "not_me"


class _Request(NamedTuple):
    """What a person is asked."""

    kind: ApprovalKind
    principal: str
    asker: str
    context: Mapping[str, str]
    data: Mapping[str, Any]
    lifetime: float
    number: str = ""


class Approvals:
    """See the module. ``clock`` is Unix time in seconds."""

    def __init__(self, settings: Access, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock

    def ask_device(
        self,
        tx: Transaction,
        principal: str,
        asker: str,
        *,
        context: Mapping[str, str],
        data: Mapping[str, Any],
        number: str = "",
    ) -> Asked | TooMany:
        """Ask a person to confirm a new device. ``data`` is what is needed to enrol it then: its key, its label.

        ``asker`` is a secret that only the place that asks has, such as the token of its login; ``status`` and ``use``
        take nothing else. ``number`` is of ``new_number``, where one is shown already. An earlier request of the same
        asker ends. Raises ``RecordsError``.
        """
        lifetime = self._settings.devices.approval_lifetime
        return self._ask_person(tx, _Request("device", principal, asker, context, data, lifetime, number))

    def ask_login(
        self,
        tx: Transaction,
        principal: str,
        asker: str,
        *,
        context: Mapping[str, str],
        device: str,
        data: Mapping[str, Any] = MappingProxyType({}),
    ) -> Asked | TooMany:
        """Ask a person whether they log in on ``device`` (its id), which may not answer itself. See ``ask_device``.

        ``data`` is for the caller, who finds it in ``Decision.approval``: whose login to end after ``not_me``.
        """
        lifetime = self._settings.push.lifetime
        return self._ask_person(
            tx, _Request("login", principal, asker, context, dict(data) | {"device": device}, lifetime)
        )

    def ask_recovery(
        self, tx: Transaction, principal: str, asker: str, *, context: Mapping[str, str], data: Mapping[str, Any]
    ) -> Asked:
        """Ask administrators to let a person who lost their devices back in, after the waiting period.

        Whoever asks has used a recovery code. The caller tells all devices of the person. See ``ask_device``.
        """
        now = self._clock()
        self._supersede(tx, "recovery", principal, _digest(asker), now)
        not_before = now + self._settings.devices.recovery_wait
        return self._add(
            tx,
            Approval(
                id=new_id(),
                kind="recovery",
                principal=principal,
                created=now,
                not_before=not_before,
                expires=not_before + RECOVERY_OPEN,
                context=dict(context),
                data=dict(data) | {"asker": _digest(asker)},
                requested_by=principal,
            ),
        )

    def ask_reset(self, tx: Transaction, principal: str, requested_by: str, *, context: Mapping[str, str]) -> Asked:
        """Ask another administrator to agree that a person's credentials are reset.

        ``requested_by``: the id of the administrator who asks, who is also the asker for ``use``. Raises
        ``AccessError`` for their own account.
        """
        if requested_by == principal:
            raise AccessError("approval_own", "Somebody else has to ask for a reset of your own account.")
        now = self._clock()
        return self._add(
            tx,
            Approval(
                id=new_id(),
                kind="reset",
                principal=principal,
                created=now,
                expires=now + RESET_OPEN,
                context=dict(context),
                data={"asker": _digest(requested_by)},
                requested_by=requested_by,
            ),
        )

    def answer(self, tx: Transaction, approval: str, verdict: Verdict, decider: Decider, number: str = "") -> Decision:
        """Decide about a request; see ``machine`` for the rules. Commit, whatever the decision.

        Raises ``AccessError`` if ``decider`` may not, or there is no such request.
        """
        now = self._clock()
        found = tx.approvals.get(approval)
        if found is None:
            raise AccessError("approval_not_found", "There is no such request.")
        check_may(found, verdict, decider)
        person = tx.people.get(found.principal)  # locked first, as when asking: two locks in two orders are a deadlock
        attempt = 0
        if verdict == "approve" and KINDS[found.kind].number:
            attempt = tx.approvals.count_attempt(approval) if status_at(found, now) == "pending" else 0
            if attempt == 0:
                return self._gone(tx, found, now)
        event = event_of(found, verdict, number, attempt)
        status = next_status(found, event, now)
        if status is None or not self._write(tx, found, event, status, decider, now):
            return self._gone(tx, found, now)
        decided = msgspec.structs.replace(found, status=status, attempts=attempt or found.attempts)
        name = found.principal if person is None else person.name
        raised = signals.refused(found, event, name) if event in ("deny", "not_me", "last_miss") else ()
        return Decision(decided, event, attempts_left=max(0, MAX_ATTEMPTS - attempt), signals=raised)

    def status(self, tx: Transaction, approval: str, asker: str) -> ApprovalStatus:
        """Return how a request stands, for whoever asked. Raises ``AccessError`` for anybody else."""
        return status_at(self._asked(tx, approval, asker), self._clock())

    def use(self, tx: Transaction, approval: str, asker: str) -> Approval:
        """Take what was approved, which works once. Raises ``AccessError`` (``approval_gone``, ``approval_not_found``).

        ``data`` of what is returned says what follows; ``decided_by`` is the device that confirmed, or the
        administrator.
        """
        found, now = self._asked(tx, approval, asker), self._clock()
        status = next_status(found, "use", now)
        if status is None or not tx.approvals.use(approval, now):
            raise AccessError("approval_gone", "This request was not approved, has expired, or was used already.")
        return msgspec.structs.replace(found, status=status)

    def inbox(self, tx: Transaction, decider: Decider) -> list[Shown]:
        """Return what this person can answer on this device, or for others as an administrator; the oldest first."""
        now = self._clock()
        mine = [
            *tx.approvals.approved(decider.principal, "recovery", now=now),
            *tx.approvals.pending(decider.principal, now=now),
        ]
        others = tx.approvals.pending(now=now) if decider.administrator else ()
        every = {item.id: item for item in (*mine, *others)}
        oldest_first = sorted(every.values(), key=lambda item: (item.created, item.id))
        return [_shown(item) for item in oldest_first if _concerns(item, decider)]

    def _ask_person(self, tx: Transaction, request: _Request) -> Asked | TooMany:
        now, limit = self._clock(), self._settings.push.per_hour
        person = tx.people.get(request.principal)  # keeps others from asking the same until this is counted
        digest = _digest(request.asker)
        self._supersede(tx, request.kind, request.principal, digest, now)
        count = tx.approvals.since(request.principal, request.kind, now - HOUR)
        if count >= limit:
            name = request.principal if person is None else person.name
            return TooMany(HOUR / limit, (signals.too_many(name, request.kind, request.context, count),))
        return self._add(
            tx,
            Approval(
                id=new_id(),
                kind=request.kind,
                principal=request.principal,
                created=now,
                expires=now + request.lifetime,
                secret=request.number or new_number(),
                context=dict(request.context),
                data=dict(request.data) | {"asker": digest},
            ),
        )

    @staticmethod
    def _add(tx: Transaction, approval: Approval) -> Asked:
        tx.approvals.add(approval)
        return Asked(approval.id, approval.secret, approval.expires, approval.not_before)

    @staticmethod
    def _supersede(tx: Transaction, kind: ApprovalKind, principal: str, asker: str, now: float) -> None:
        for item in tx.approvals.pending(principal, kind, now=now):
            status = next_status(item, "supersede", now)
            if item.data.get("asker") == asker and status is not None:
                tx.approvals.decide(item.id, status, "", now)

    @staticmethod
    def _write(
        tx: Transaction, approval: Approval, event: Event, status: ApprovalStatus, decider: Decider, now: float
    ) -> bool:
        if event == "miss":
            return True  # it is counted already
        on_device = KINDS[approval.kind].by == "device" or decider.principal == approval.principal
        by = decider.device if on_device else decider.principal
        if approval.status == "approved":
            return tx.approvals.cancel(approval.id, by, now)
        return tx.approvals.decide(approval.id, status, by, now)

    @staticmethod
    def _gone(tx: Transaction, approval: Approval, now: float) -> Decision:
        latest = tx.approvals.get(approval.id) or approval
        return Decision(msgspec.structs.replace(latest, status=status_at(latest, now)), "gone")

    @staticmethod
    def _asked(tx: Transaction, approval: str, asker: str) -> Approval:
        found = tx.approvals.get(approval)
        if found is None or not hmac.compare_digest(str(found.data["asker"]), _digest(asker)):
            raise AccessError("approval_not_found", "There is no such request.")
        return found


def _digest(asker: str) -> str:
    return hashlib.sha256(asker.encode("utf-8", "surrogatepass")).hexdigest()


def _concerns(approval: Approval, decider: Decider) -> bool:
    """Tell whether there is anything that ``decider`` could say, with a gesture if it takes one."""
    able = Decider(
        principal=decider.principal, device=decider.device, administrator=decider.administrator, gesture=True
    )
    for verdict in KINDS[approval.kind].verdicts:
        try:
            check_may(approval, verdict, able)
        except AccessError:
            continue
        return True
    return False


def _shown(approval: Approval) -> Shown:
    return Shown(
        id=approval.id,
        kind=approval.kind,
        principal=approval.principal,
        context=approval.context,
        created=approval.created,
        expires=approval.expires,
        not_before=approval.not_before,
        approved=approval.status == "approved",
        requested_by=approval.requested_by,
    )

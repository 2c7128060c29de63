"""Repository of approvals. Each is decided once and used once: both are one statement."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, update

from bartizan.storage.records.entities import Approval, ApprovalKind, ApprovalStatus
from bartizan.storage.records.statements import Shape, Statements
from bartizan.storage.records.tables import ApprovalRow

__all__ = ["USE_GRACE", "Approvals"]

USE_GRACE = 30.0
"""Seconds after its end in which an approval may still be used: it may have been given in the last moment."""

_SHAPE = Shape(Approval, ApprovalRow)
_PENDING = ApprovalRow.status == "pending"


class Approvals:
    """What somebody has to agree to."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def add(self, approval: Approval) -> None:
        """Add an approval. Raises ``RecordNotFound`` (principal)."""
        self._statements.add(ApprovalRow, _SHAPE.values(approval))

    def get(self, approval: str) -> Approval | None:
        """Return an approval by id, whatever its status."""
        row = self._statements.first(_SHAPE.select().where(ApprovalRow.id == approval))
        return None if row is None else _SHAPE.read(row)

    def pending(
        self, principal: str | None = None, kind: ApprovalKind | None = None, *, now: float
    ) -> Sequence[Approval]:
        """Return what can be decided at ``now`` (Unix seconds), the oldest first: for a person, or for all."""
        query = _SHAPE.select().where(_PENDING, ApprovalRow.expires > now)
        if principal is not None:
            query = query.where(ApprovalRow.principal == principal)
        if kind is not None:
            query = query.where(ApprovalRow.kind == kind)
        rows = self._statements.rows(query.order_by(ApprovalRow.created, ApprovalRow.id))
        return [_SHAPE.read(row) for row in rows]

    def approved(self, principal: str, kind: ApprovalKind, *, now: float) -> Sequence[Approval]:
        """Return what was approved for a person and can be used at ``now``, or later; the oldest first."""
        conditions = (ApprovalRow.principal == principal, ApprovalRow.kind == kind, ApprovalRow.status == "approved")
        query = _SHAPE.select().where(*conditions, ApprovalRow.expires > now)
        return [_SHAPE.read(row) for row in self._statements.rows(query.order_by(ApprovalRow.created, ApprovalRow.id))]

    def decide(self, approval: str, status: ApprovalStatus, decided_by: str, now: float) -> bool:
        """Decide what is pending and has not expired; False if it is neither. ``decided_by`` is an actor."""
        statement = update(ApprovalRow).where(ApprovalRow.id == approval, _PENDING, ApprovalRow.expires > now)
        return self._statements.changed(statement.values(status=status, decided_by=decided_by, decided=now)) == 1

    def cancel(self, approval: str, cancelled_by: str, now: float) -> bool:
        """Deny what was approved and not used yet; False if it is neither. ``cancelled_by`` is an actor."""
        statement = update(ApprovalRow).where(
            ApprovalRow.id == approval, ApprovalRow.status == "approved", ApprovalRow.expires > now
        )
        values = {"status": "denied", "decided_by": cancelled_by, "decided": now}
        return self._statements.changed(statement.values(values)) == 1

    def use(self, approval: str, now: float) -> bool:
        """Use what was approved, once; False before its time, ``USE_GRACE`` after its end, and ever after."""
        statement = update(ApprovalRow).where(
            ApprovalRow.id == approval,
            ApprovalRow.status == "approved",
            ApprovalRow.not_before <= now,
            ApprovalRow.expires + USE_GRACE > now,
        )
        return self._statements.changed(statement.values(status="used")) == 1

    def count_attempt(self, approval: str) -> int:
        """Count an attempt to decide; returns the how-manieth it was, 0 if there is nothing to decide."""
        statement = update(ApprovalRow).where(ApprovalRow.id == approval, _PENDING)
        statement = statement.values(attempts=ApprovalRow.attempts + 1)
        return self._statements.counted(statement.returning(ApprovalRow.attempts))

    def expire(self, now: float) -> int:
        """Give what nobody decided in time the status ``expired``; returns how many."""
        return self._statements.changed(
            update(ApprovalRow).where(_PENDING, ApprovalRow.expires <= now).values(status="expired")
        )

    def since(self, principal: str, kind: ApprovalKind, time: float) -> int:
        """Return how many approvals of a kind were asked for from a person since a time."""
        conditions: tuple[ColumnElement[bool], ...] = (
            ApprovalRow.principal == principal,
            ApprovalRow.kind == kind,
            ApprovalRow.created >= time,
        )
        return self._statements.count(select(func.count()).select_from(ApprovalRow).where(*conditions))

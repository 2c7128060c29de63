"""Repository of the audit trail: it is only ever added to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select

from bartizan.storage.records.entities import AuditEvent
from bartizan.storage.records.statements import Shape, Statements
from bartizan.storage.records.tables import AuditRow

__all__ = ["Audit"]

_SHAPE = Shape(AuditEvent, AuditRow)


class Audit:
    """Who did what to whom."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def add(self, event: AuditEvent) -> None:
        """Add an event; the database gives it its number."""
        values = _SHAPE.values(event)
        del values["number"]
        self._statements.add(AuditRow, values)

    def list(
        self, after: int = 0, limit: int = 100, actor: str | None = None, target: str | None = None
    ) -> Sequence[AuditEvent]:
        """Return events with numbers above ``after``, in their order; only of an actor, only about a target."""
        query = _about(actor, target).where(AuditRow.number > after).order_by(AuditRow.number).limit(limit)
        return [_SHAPE.read(row) for row in self._statements.rows(query)]

    def latest(self, limit: int = 100, actor: str | None = None, target: str | None = None) -> Sequence[AuditEvent]:
        """Return the last events, in their order; only of an actor, only about a target."""
        query = _about(actor, target).order_by(AuditRow.number.desc()).limit(limit)
        return [_SHAPE.read(row) for row in reversed(self._statements.rows(query))]


def _about(actor: str | None, target: str | None) -> Select[Any]:
    query = _SHAPE.select()
    if actor is not None:
        query = query.where(AuditRow.actor == actor)
    return query if target is None else query.where(AuditRow.target == target)

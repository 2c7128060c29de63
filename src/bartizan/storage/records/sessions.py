"""Repository of the history of sessions. What a session may do is decided by the shared state alone."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import update

from bartizan.storage.records.entities import SessionRecord
from bartizan.storage.records.statements import Shape, Statements
from bartizan.storage.records.tables import SessionRow

__all__ = ["UNDOABLE", "Sessions"]

UNDOABLE = ("risk", "risk_quarantine")
"""Reasons of ends that a pardon can undo, unless the session is to have ended for another reason since."""

_SHAPE = Shape(SessionRecord, SessionRow)


class Sessions:
    """Who was logged in, from where, from when to when."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def add(self, session: SessionRecord) -> None:
        """Add a session. Raises ``RecordConflict`` (digest) and ``RecordNotFound`` (principal, device)."""
        self._statements.add(SessionRow, _SHAPE.values(session))

    def get(self, session: str) -> SessionRecord | None:
        """Return a session by id."""
        row = self._statements.first(_SHAPE.select().where(SessionRow.id == session))
        return None if row is None else _SHAPE.read(row)

    def live(self, principal: str | None = None, device: str | None = None) -> Sequence[SessionRecord]:
        """Return sessions whose end is not recorded, the oldest first: all, a person's or a device's.

        One that ran out by itself is among them until ``expire`` has been called.
        """
        query = _SHAPE.select().where(SessionRow.ended.is_(None))
        if principal is not None:
            query = query.where(SessionRow.principal == principal)
        if device is not None:
            query = query.where(SessionRow.device == device)
        return [_SHAPE.read(row) for row in self._statements.rows(query.order_by(SessionRow.started, SessionRow.id))]

    def end(self, digest: bytes, when: float, reason: str) -> bool:
        """Record the end of a session (Unix seconds); False if it has ended before. ``reason`` is a stable word."""
        statement = update(SessionRow).where(SessionRow.digest == digest, SessionRow.ended.is_(None))
        return self._statements.changed(statement.values(ended=when, end_reason=reason)) == 1

    def supersede(
        self, reason: str, *, principal: str | None = None, device: str | None = None, session: str | None = None
    ) -> int:
        """Give all ends that a pardon could undo, of a person, a device or one session, another reason that stays."""
        which = ((SessionRow.principal, principal), (SessionRow.device, device), (SessionRow.id, session))
        conditions = [column == value for column, value in which if value is not None]
        statement = update(SessionRow).where(SessionRow.end_reason.in_(UNDOABLE), *conditions)
        return self._statements.changed(statement.values(end_reason=reason))

    def undoable(self, device: str) -> Sequence[SessionRecord]:
        """Return the sessions of a device whose end a pardon can undo, the oldest first."""
        query = _SHAPE.select().where(SessionRow.device == device, SessionRow.end_reason.in_(UNDOABLE))
        return [_SHAPE.read(row) for row in self._statements.rows(query.order_by(SessionRow.started, SessionRow.id))]

    def reinstate(self, session: str) -> bool:
        """Record that a session goes on, if its end is one that a pardon can undo; tells whether it was."""
        statement = update(SessionRow).where(SessionRow.id == session, SessionRow.end_reason.in_(UNDOABLE))
        return self._statements.changed(statement.values(ended=None, end_reason="")) == 1

    def expire(self, started_before: float, when: float) -> int:
        """Record the end of all sessions that began before a time and ran out since; returns how many."""
        statement = update(SessionRow).where(SessionRow.started < started_before, SessionRow.ended.is_(None))
        return self._statements.changed(statement.values(ended=when, end_reason="lifetime"))

    def history(self, principal: str, limit: int = 100) -> Sequence[SessionRecord]:
        """Return a person's last sessions, the newest first."""
        query = _SHAPE.select().where(SessionRow.principal == principal)
        query = query.order_by(SessionRow.started.desc(), SessionRow.id).limit(limit)
        return [_SHAPE.read(row) for row in self._statements.rows(query)]

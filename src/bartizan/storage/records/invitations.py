"""Repository of invitations."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import update

from bartizan.storage.records.entities import Invitation
from bartizan.storage.records.statements import Shape, Statements
from bartizan.storage.records.tables import InvitationRow

__all__ = ["Invitations"]

_SHAPE = Shape(Invitation, InvitationRow)
_UNUSED = InvitationRow.used.is_(None)


class Invitations:
    """One-time links to enrol."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def add(self, invitation: Invitation) -> None:
        """Add an invitation. Raises ``RecordConflict`` (digest) and ``RecordNotFound`` (principal)."""
        self._statements.add(InvitationRow, _SHAPE.values(invitation))

    def by_digest(self, digest: bytes) -> Invitation | None:
        """Return the invitation of a token by its SHA-256, used and expired ones too."""
        row = self._statements.first(_SHAPE.select().where(InvitationRow.digest == digest))
        return None if row is None else _SHAPE.read(row)

    def of(self, principal: str) -> Sequence[Invitation]:
        """Return a person's invitations, used and expired ones too, the oldest first."""
        query = _SHAPE.select().where(InvitationRow.principal == principal)
        rows = self._statements.rows(query.order_by(InvitationRow.created, InvitationRow.id))
        return [_SHAPE.read(row) for row in rows]

    def use(self, invitation: str, now: float) -> bool:
        """Use an invitation, once; False if it was used or has expired. ``now`` is Unix seconds."""
        statement = update(InvitationRow).where(InvitationRow.id == invitation, _UNUSED, InvitationRow.expires > now)
        return self._statements.changed(statement.values(used=now)) == 1

    def void(self, principal: str, now: float) -> int:
        """Make all of a person's open invitations useless; returns how many there were."""
        statement = update(InvitationRow).where(
            InvitationRow.principal == principal, _UNUSED, InvitationRow.expires > now
        )
        return self._statements.changed(statement.values(expires=now))

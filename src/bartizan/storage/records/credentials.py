"""Repository of credentials. What may be used once, or only upwards, is claimed in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, update

from bartizan.errors import RecordNotFound
from bartizan.storage.records.entities import Credential, CredentialKind
from bartizan.storage.records.statements import Shape, Statements
from bartizan.storage.records.tables import CredentialRow

__all__ = ["Credentials"]

_SHAPE = Shape(Credential, CredentialRow)
_SELECT = _SHAPE.select(CredentialRow.counter)
_COUNTERS: dict[str, tuple[str, int]] = {"totp": ("last_step", -1), "webauthn": ("sign_count", 0)}
_FIXED = ("id", "principal", "kind", "created", "revoked")


class Credentials:
    """The ways in which people prove who they are."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def add(self, credential: Credential) -> None:
        """Add a credential. Raises ``RecordConflict`` (handle) and ``RecordNotFound`` (principal)."""
        self._statements.add(CredentialRow, _values(credential))

    def get(self, credential: str) -> Credential | None:
        """Return a credential by id, revoked or not."""
        return self._one(CredentialRow.id == credential)

    def of(self, principal: str, kind: CredentialKind | None = None, *, revoked: bool = False) -> Sequence[Credential]:
        """Return a person's credentials, the oldest first; with ``revoked`` those that are revoked, too."""
        query = _SELECT.where(CredentialRow.principal == principal)
        if kind is not None:
            query = query.where(CredentialRow.kind == kind)
        if not revoked:
            query = query.where(CredentialRow.revoked.is_(None))
        rows = self._statements.rows(query.order_by(CredentialRow.created, CredentialRow.id))
        return [_read(row) for row in rows]

    def by_handle(self, handle: str) -> Credential | None:
        """Return the credential with a handle, revoked or not: a handle is never registered again."""
        return self._one(CredentialRow.handle == handle) if handle else None

    def update(self, credential: Credential) -> None:
        """Write label, handle, secret, data and last use; may also revoke. Raises ``RecordNotFound``.

        What others may have claimed meanwhile stays: ``last_step`` and ``sign_count`` are written by claims only, and
        what is revoked stays so.
        """
        values = {name: value for name, value in _values(credential).items() if name not in (*_FIXED, "counter")}
        values["revoked"] = func.coalesce(CredentialRow.revoked, credential.revoked)
        statement = update(CredentialRow).where(CredentialRow.id == credential.id).values(values)
        if not self._statements.rewritten(statement):
            raise RecordNotFound("there is no such credential")

    def revoke(self, credential: str, when: float) -> bool:
        """Revoke a credential; tells whether it was not before. ``when`` is Unix seconds."""
        return self._claim(credential, revoked=when)

    def claim_step(self, credential: str, step: int) -> bool:
        """Use a time step of TOTP; False if it, or a later one, has been used (RFC 6238 section 5.2)."""
        return self._claim(credential, CredentialRow.kind == "totp", CredentialRow.counter < step, counter=step)

    def claim_counter(self, credential: str, old: int, new: int) -> bool:
        """Move WebAuthn's signature counter from ``old`` to ``new``; False if it is not ``old`` any more."""
        return self._claim(credential, CredentialRow.kind == "webauthn", CredentialRow.counter == old, counter=new)

    def claim_once(self, credential: str, now: float) -> bool:
        """Use a recovery code, which revokes it; False if it was used. ``now`` is Unix seconds."""
        return self._claim(credential, CredentialRow.kind == "recovery", revoked=now, last_used=now)

    def _claim(self, credential: str, *conditions: ColumnElement[bool], **values: float) -> bool:
        statement = update(CredentialRow).where(
            CredentialRow.id == credential, CredentialRow.revoked.is_(None), *conditions
        )
        return self._statements.changed(statement.values(values)) == 1

    def _one(self, condition: ColumnElement[bool]) -> Credential | None:
        row = self._statements.first(_SELECT.where(condition))
        return None if row is None else _read(row)


def _values(credential: Credential) -> dict[str, Any]:
    values = _SHAPE.values(credential)
    name, first = _COUNTERS.get(credential.kind, ("", 0))
    data = dict(credential.data)
    return values | {"counter": data.pop(name, first), "data": data}


def _read(row: Any) -> Credential:
    values = {name: row[name] for name in _SHAPE.fields}
    if row["kind"] in _COUNTERS:
        values["data"] = values["data"] | {_COUNTERS[row["kind"]][0]: row["counter"]}
    return Credential(**values)

"""The records: transactions, each with one repository per subject."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from bartizan.storage.records.approvals import Approvals
from bartizan.storage.records.audit import Audit
from bartizan.storage.records.credentials import Credentials
from bartizan.storage.records.devices import Devices
from bartizan.storage.records.engine import READ_ONLY
from bartizan.storage.records.failures import translated
from bartizan.storage.records.invitations import Invitations
from bartizan.storage.records.people import People
from bartizan.storage.records.sessions import Sessions
from bartizan.storage.records.statements import Statements

__all__ = ["RecordStore", "Transaction"]


class Transaction:
    """What is done in it is done as a whole or not at all."""

    def __init__(self, statements: Statements) -> None:
        self.people = People(statements)
        self.credentials = Credentials(statements)
        self.devices = Devices(statements)
        self.sessions = Sessions(statements)
        self.approvals = Approvals(statements)
        self.invitations = Invitations(statements)
        self.audit = Audit(statements)
        self.step = statements.step
        """Begin a block: what is done in it is undone if it raises, and the transaction goes on."""


class RecordStore:
    """Opens transactions. It blocks: asynchronous code calls it in a thread. Threads may share it."""

    def __init__(self, engine: Engine, where: str) -> None:
        self._engine = engine
        self._where = where

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Transaction]:
        """Yield a transaction, committed at the end of the block, or rolled back when it raises.

        Keep it short, and do nothing slow in it (hashing, network): with SQLite, whoever else writes waits. With
        ``read_only`` nobody waits, and nothing may be written. Raises ``RecordsError``.
        """
        with translated(self._where), self._engine.connect() as connection:
            if read_only:
                connection = connection.execution_options(**{READ_ONLY: True})  # noqa: PLW2901 - the same connection
            with connection.begin():
                yield Transaction(Statements(connection, self._where, read_only=read_only))

    def close(self) -> None:
        """Close the connections; transactions that are open then end by themselves."""
        self._engine.dispose()

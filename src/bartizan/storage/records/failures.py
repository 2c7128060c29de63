"""From what a database says to what an operator or a caller can do about it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bartizan.errors import RecordConflict, RecordNotFound, RecordsError

__all__ = ["translate", "translated"]

_SQLITE_UNIQUE = re.compile(r"UNIQUE constraint failed: (\w{1,64})\.(\w{1,64})")

TAKEN = {
    "uq_people_name": "a person of this name exists already: choose another name",
    "uq_people_user_handle": "a person with this WebAuthn user handle exists already",
    "uq_groups_name": "a group of this name exists already: choose another name",
    "uq_credentials_handle": "this authenticator is registered already: use another, or remove it where it is",
    "uq_devices_thumbprint": "this device key is enrolled already: make a new one",
}
"""What is wrong when a constraint is violated."""

_BUSY = "another process has kept the file locked for too long: look for a backup or a shell that holds it"
_DENIED = "the file cannot be opened: give it and its directory to the user that Bartizan runs as"
SQLITE = {
    "SQLITE_FULL": "the disk is full: make room on it",
    "SQLITE_IOERR": "the disk cannot be read or written: look at its health and at the free space",
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_READONLY": "the file cannot be written: give it and its directory to the user that Bartizan runs as",
    "SQLITE_CANTOPEN": _DENIED,
    "SQLITE_PERM": _DENIED,
    "SQLITE_NOTADB": "the file is not an SQLite database: move it away, or restore it from a backup",
    "SQLITE_CORRUPT": "the file is damaged: restore it from a backup",
}
"""What to do by SQLite's primary result code (https://www.sqlite.org/rescode.html)."""

POSTGRESQL = {
    "08": "the connection broke: look at the server and the network",
    "28": "the server refuses the user or the password: correct storage.records.url",
    "3D": "the server has no such database: create it, or correct storage.records.url",
    "53100": "the server's disk is full: make room on it",
    "53": "the server has no resources left: raise its max_connections, or lower storage.records.pool",
    "55P03": "others have kept the rows locked for too long: look for open transactions in pg_stat_activity",
    "57014": "the server took longer than storage.records.timeout: look at its load, or raise that",
    "57": "the server is starting or stopping: look at it",
    "25006": "the server is read-only, a replica perhaps: name the primary in storage.records.url",
    "42501": "the server's user may not do that: give it the schema (GRANT ALL ON SCHEMA …)",
    "40": "others changed the same records at the same time: try again",
}
"""What to do by SQLSTATE, or its class (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Raise ``RecordsError`` instead of what SQLAlchemy and its drivers raise; ``where`` names the database.

    The original is not chained: its text may hold what was being written.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise translate(error, where) from None


def translate(error: Exception, where: str) -> RecordsError:
    """Return the error to raise instead."""
    if isinstance(error, PoolTimeout):
        return RecordsError(f"{where}: all connections are in use: raise storage.records.pool")
    if isinstance(error, PendingRollbackError):
        return RecordsError(f"{where}: {POSTGRESQL['08']}; nothing of the transaction was written")
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause, where)
    state = getattr(cause, "sqlstate", None)
    if isinstance(error, DBAPIError):
        return _of_postgresql(cause, state, where)
    return RecordsError(f"{where}: {type(error).__name__}")


def _of_sqlite(error: sqlite3.Error, where: str) -> RecordsError:
    name: str = getattr(error, "sqlite_errorname", "")
    if name in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"):
        match = _SQLITE_UNIQUE.search(str(error))
        return _taken("" if match is None else f"uq_{match[1]}_{match[2]}")
    if name == "SQLITE_CONSTRAINT_FOREIGNKEY":
        return RecordNotFound("what the record refers to does not exist")
    primary = "_".join(name.split("_")[:2])
    return RecordsError(f"{where}: {SQLITE.get(primary, str(error))}")


def _of_postgresql(error: BaseException, state: str | None, where: str) -> RecordsError:
    if state == "23505":
        return _taken(str(getattr(getattr(error, "diag", None), "constraint_name", "")))
    if state == "23503":
        return RecordNotFound("what the record refers to does not exist")
    if state is None:
        first = str(error).strip().splitlines()[:1]
        return RecordsError(
            f"{where}: {first[0] if first else 'no answer'}: look at the server and storage.records.url"
        )
    remedy = POSTGRESQL.get(state) or POSTGRESQL.get(state[:2])
    if state.startswith("40"):
        return RecordConflict(f"{where}: {remedy}")
    return RecordsError(f"{where}: {remedy or f'the server refused a statement (SQLSTATE {state})'}")


def _taken(constraint: str) -> RecordConflict:
    return RecordConflict(TAKEN.get(constraint, "a record with this key exists already"))

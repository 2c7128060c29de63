"""Connections to SQLite and PostgreSQL, made so that they fail early and clearly."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from bartizan.errors import RecordsError

__all__ = ["READ_ONLY", "postgresql_engine", "sqlite_engine"]

READ_ONLY = "bartizan_read_only"
"""The execution option of a connection that will not write."""

CONNECT_TIMEOUT = 5  # seconds
POOL_TIMEOUT = 10.0  # seconds to wait for a connection that another thread uses
_LOCAL = ("", "localhost", "127.0.0.1", "::1")


def sqlite_engine(file: Path, *, pool: int, timeout: float) -> Engine:
    """Return an engine on a file, which it creates for this user only; ``timeout``: seconds to wait for a lock.

    WAL is set by the migrations, once. A commit is on the disk when it returns: a one-time code that was used stays
    used. Raises ``RecordsError``.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        if file.stat().st_mode & 0o077:
            file.chmod(0o600)
    except OSError as error:
        raise RecordsError(
            f"{file}: {error.strerror}: give {file.parent} to the user that Bartizan runs as, or correct "
            "storage.directory"
        ) from None
    engine = create_engine(
        URL.create("sqlite", database=str(file)),
        connect_args={"timeout": timeout, "isolation_level": None},
        poolclass=QueuePool,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in ("foreign_keys = ON", "synchronous = FULL", "trusted_schema = OFF", "secure_delete = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: a transaction that reads first and writes then may find itself out of date."""
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def postgresql_engine(address: str, *, pool: int, timeout: float) -> tuple[Engine, str]:
    """Return an engine on a server, and what to call it without the password; ``timeout``: seconds for a statement.

    A server that is not on this machine has to prove who it is, unless the address says otherwise by ``sslmode``.
    Raises ``RecordsError`` for an address that is none; does not connect.
    """
    try:
        url = make_url(address)
    except ArgumentError:
        url = None
    if url is None or url.drivername not in ("postgresql", "postgres"):
        raise RecordsError("storage.records.url is not an address: write postgresql://user:password@host/database")
    host = str(url.query.get("host", url.host or ""))
    where = URL.create("postgresql", host=url.host, port=url.port, database=url.database).render_as_string()
    if "sslmode" not in url.query and host not in _LOCAL and not host.startswith("/"):
        url = url.update_query_dict({"sslmode": "verify-full", "sslrootcert": "system"})
    milliseconds = max(1, round(timeout * 1000))
    options = (
        f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds} "
        f"-c idle_in_transaction_session_timeout={10 * milliseconds}"
    )
    given = url.query.get("options")
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT,
            "application_name": "bartizan",
            "options": f"{options} {given}" if given else options,
        },
        poolclass=QueuePool,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        pool_pre_ping=True,
        hide_parameters=True,
    )
    return engine, where

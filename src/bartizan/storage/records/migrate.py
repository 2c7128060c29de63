"""Brings the tables to what this version needs, while no other process does (Alembic, revisions in ``migrations/``)."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.runtime.migration import MigrationStep
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, func, select, text

from bartizan.errors import RecordsError
from bartizan.storage.records.tables import Base

__all__ = ["migrate_postgresql", "migrate_sqlite", "migration_context"]

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "bartizan_revision"
ADVISORY_LOCK = 0x42_41_52_54_49_5A_41_4E  # "BARTIZAN"
PATIENCE = 60.0  # seconds to wait for another process that migrates


def migrate_sqlite(engine: Engine, file: Path) -> None:
    """Bring the tables in ``file`` to the newest revision, and the file into WAL mode. Raises ``RecordsError``."""
    with _file_lock(file.with_suffix(".lock")), engine.connect() as connection:
        connection.detach()  # from the pool: its settings are for this alone
        cursor = connection.connection.cursor()
        if cursor.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
            raise RecordsError(f"{file}: this file system cannot share memory: put storage.directory on a local disk")
        cursor.execute("PRAGMA foreign_keys = OFF")  # a table that is made anew is dropped in between
        with connection.begin():
            _upgrade(connection)
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise RecordsError(f"{file}: records refer to others that are gone: restore it from a backup")


def migrate_postgresql(engine: Engine) -> None:
    """Bring the tables on a server to the newest revision. Raises ``RecordsError``."""
    with engine.connect() as connection, connection.begin():
        if _is_current(connection):
            return
        for setting, value in (("statement_timeout", "0"), ("lock_timeout", f"{PATIENCE:.0f}s")):
            connection.execute(select(func.set_config(setting, value, True)))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        _upgrade(connection)


def migration_context(connection: Connection, **options: Any) -> MigrationContext:
    """Return Alembic's view of a database; ``options`` are those of ``EnvironmentContext.configure``."""
    return MigrationContext.configure(
        connection, opts={"version_table": VERSION_TABLE, "target_metadata": Base.metadata, **options}
    )


def _upgrade(connection: Connection) -> None:
    if _is_current(connection):
        return
    script = _script()

    def steps(revision: tuple[str, ...], _: MigrationContext) -> list[MigrationStep]:
        missing = script.iterate_revisions("head", revision[0] if revision else "base")
        return [MigrationStep.upgrade_from_script(script.revision_map, each) for each in reversed(list(missing))]

    context = migration_context(connection, fn=steps)
    with Operations.context(context):
        context.run_migrations()


def _is_current(connection: Connection) -> bool:
    """Tell whether there is nothing to do; raises ``RecordsError`` if this version is too old for the records."""
    current, script = migration_context(connection).get_current_revision(), _script()
    if current is not None:
        try:
            script.get_revision(current)
        except CommandError:
            raise RecordsError(
                f"a newer version of Bartizan has migrated the records (revision {current}): install that version, or "
                "restore a backup that was made before"
            ) from None
    return current == script.get_current_head()


def _script() -> ScriptDirectory:
    return ScriptDirectory(MIGRATIONS)


@contextmanager
def _file_lock(file: Path) -> Iterator[None]:
    """Hold a lock that other processes see, and that goes with this process if it dies."""
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RecordsError(f"{file}: {error.strerror}: give it to the user that Bartizan runs as") from None
    try:
        end = time.monotonic() + PATIENCE
        while not _try_lock(descriptor):
            if time.monotonic() > end:
                raise RecordsError(f"{file}: another process has migrated the records for {PATIENCE:.0f} s: look at it")
            time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

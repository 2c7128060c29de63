"""Migrations: they end where the models are, once, whoever else starts."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from sqlalchemy import Engine
from tests.support.postgres import PostgresServer

from bartizan.config.model import Records
from bartizan.errors import RecordsError
from bartizan.storage.records import migrate
from bartizan.storage.records.engine import postgresql_engine, sqlite_engine
from bartizan.storage.records.migrate import migrate_postgresql, migrate_sqlite, migration_context
from bartizan.storage.records.open import open_records
from bartizan.storage.records.tables import Base


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Engine, Callable[[], None]]]:
    """An empty database and what migrates it."""
    if request.param == "sqlite":
        file = tmp_path / "records.sqlite"
        engine = sqlite_engine(file, pool=2, timeout=5.0)
        yield engine, lambda: migrate_sqlite(engine, file)
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        engine, _ = postgresql_engine(server.url(server.new_database()), pool=2, timeout=5.0)
        yield engine, lambda: migrate_postgresql(engine)
    engine.dispose()


def test_migrations_make_what_the_models_say(database: tuple[Engine, Callable[[], None]]) -> None:
    engine, bring_up = database
    bring_up()
    with engine.connect() as connection:
        context = migration_context(connection, compare_type=True, compare_server_default=True)
        assert compare_metadata(context, Base.metadata) == []


def test_a_second_time_changes_nothing(database: tuple[Engine, Callable[[], None]]) -> None:
    engine, bring_up = database
    bring_up()
    with engine.connect() as connection:
        before = migration_context(connection).get_current_revision()
    bring_up()
    with engine.connect() as connection:
        assert migration_context(connection).get_current_revision() == before is not None


def test_records_of_a_newer_version_are_refused_and_left_alone(database: tuple[Engine, Callable[[], None]]) -> None:
    engine, bring_up = database
    bring_up()
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE bartizan_revision SET version_num = '9999'")
    with pytest.raises(RecordsError, match=r"a newer version of Bartizan .* 9999.*install that version"):
        bring_up()
    with engine.connect() as connection:
        assert migration_context(connection).get_current_revision() == "9999"


def test_a_migration_that_fails_leaves_nothing_behind(database: tuple[Engine, Callable[[], None]]) -> None:
    engine, bring_up = database
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE sessions (of_another_program INTEGER)")
    with pytest.raises(Exception, match="sessions"):
        bring_up()
    with engine.begin() as connection:
        assert migration_context(connection).get_current_revision() is None
        connection.exec_driver_sql("DROP TABLE sessions")
    bring_up()


def _open(settings: dict[str, str], directory: str, ready: multiprocessing.Queue[int], go: object) -> None:
    records = Records.model_validate(settings)
    ready.put(0)
    go.wait()  # type: ignore[attr-defined]
    store = open_records(records, Path(directory))
    with store.transaction() as tx:
        ready.put(tx.people.list()[1])
    store.close()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_processes_that_start_at_once_migrate_once(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready: multiprocessing.Queue[int] = spawn.Queue()
    go = spawn.Event()
    settings = {"engine": engine}
    if engine == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        settings["url"] = server.url(server.new_database())
    processes = [spawn.Process(target=_open, args=(settings, str(tmp_path), ready, go)) for _ in range(4)]
    for process in processes:
        process.start()
    assert [ready.get(timeout=60) for _ in processes] == [0, 0, 0, 0]
    go.set()
    assert [ready.get(timeout=60) for _ in processes] == [0, 0, 0, 0]
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
        process.close()
    ready.close()
    ready.join_thread()


def test_another_that_migrates_is_waited_for_but_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "PATIENCE", 0.05)
    file = tmp_path / "records.sqlite"
    engine = sqlite_engine(file, pool=1, timeout=1.0)
    with migrate._file_lock(file.with_suffix(".lock")), pytest.raises(RecordsError, match="another process"):
        migrate_sqlite(engine, file)
    migrate_sqlite(engine, file)
    engine.dispose()


def test_sqlite_is_in_wal_mode(tmp_path: Path) -> None:
    file = tmp_path / "records.sqlite"
    engine = sqlite_engine(file, pool=1, timeout=1.0)
    migrate_sqlite(engine, file)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()

"""What is told when a database fails: what to do, and nothing that was to be written."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, NoResultFound
from tests.support.postgres import PostgresServer
from tests.support.records import make_person

from bartizan.config.model import Records
from bartizan.errors import RecordConflict, RecordNotFound, RecordsError
from bartizan.storage.records.failures import translate
from bartizan.storage.records.open import open_records
from bartizan.storage.records.store import RecordStore

FILE = ("records", "records.sqlite")


def _sqlite_says(work: Callable[[sqlite3.Connection], object], file: Path | str = ":memory:") -> str:
    connection = sqlite3.connect(file)
    try:
        with pytest.raises(sqlite3.Error) as caught:
            work(connection)
    finally:
        connection.close()
    return str(translate(caught.value, "here"))


def test_a_full_disk(tmp_path: Path) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA max_page_count = 4")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (?)", ["s3cret" * 10_000])

    assert _sqlite_says(fill, tmp_path / "t") == "here: the disk is full: make room on it"


def test_a_file_that_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(b"no database" * 1000)
    assert "is not an SQLite database" in _sqlite_says(lambda db: db.execute("SELECT * FROM t"), tmp_path / "t")


def test_a_file_that_is_read_only(tmp_path: Path) -> None:
    def write(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("CREATE TABLE t (x)")

    assert "cannot be written: give it" in _sqlite_says(write, tmp_path / "t")


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.Error) as caught:
        sqlite3.connect(tmp_path / "missing" / "t")
    assert "cannot be opened: give it" in str(translate(caught.value, "here"))


def test_a_file_that_somebody_else_has_locked(tmp_path: Path) -> None:
    store = open_records(Records.model_validate({"timeout": 0.05}), tmp_path)
    other = sqlite3.connect(tmp_path.joinpath(*FILE), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordsError, match="kept the file locked for too long"), store.transaction():
        pass
    with store.transaction(read_only=True) as tx:  # readers do not wait
        assert tx.people.list()[1] == 0
    other.close()
    store.close()


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (psycopg.errors.DiskFull, RecordsError, "the server's disk is full: make room"),
        (psycopg.errors.TooManyConnections, RecordsError, r"lower storage\.records\.pool"),
        (psycopg.errors.QueryCanceled, RecordsError, r"longer than storage\.records\.timeout"),
        (psycopg.errors.LockNotAvailable, RecordsError, "pg_stat_activity"),
        (psycopg.errors.InvalidPassword, RecordsError, r"correct storage\.records\.url"),
        (psycopg.errors.InsufficientPrivilege, RecordsError, "GRANT"),
        (psycopg.errors.ReadOnlySqlTransaction, RecordsError, "name the primary"),
        (psycopg.errors.AdminShutdown, RecordsError, "starting or stopping"),
        (psycopg.errors.SerializationFailure, RecordConflict, "try again"),
        (psycopg.errors.DeadlockDetected, RecordConflict, "try again"),
        (psycopg.errors.ForeignKeyViolation, RecordNotFound, "refers to"),
        (psycopg.errors.UniqueViolation, RecordConflict, "exists already"),
        (psycopg.errors.UndefinedTable, RecordsError, "SQLSTATE 42P01"),
    ],
)
def test_what_postgresql_says(error: type[psycopg.Error], kind: type[RecordsError], told: str) -> None:
    wrapped = DBAPIError.instance("INSERT", {"x": "s3cret"}, error("s3cret"), psycopg.Error)
    translated = translate(wrapped, "here")
    assert type(translated) is kind
    with pytest.raises(kind, match=told):
        raise translated
    assert "s3cret" not in str(translated)


def test_what_nobody_expected_is_named_by_its_kind() -> None:
    assert str(translate(NoResultFound("s3cret"), "here")) == "here: NoResultFound"


def test_a_statement_that_waits_for_others_ends(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.url(postgres.new_database())
    store = open_records(Records.model_validate({"engine": "postgresql", "url": url, "timeout": 0.1}), tmp_path)
    ann = make_person()
    with store.transaction() as tx:
        tx.people.add(ann)
    with store.transaction() as tx:
        tx.people.get(ann.id)
        with (
            pytest.raises(RecordsError, match=r"storage\.records\.timeout|pg_stat_activity"),
            store.transaction() as other,
        ):
            other.people.get(ann.id)
    store.close()


def test_a_server_that_is_gone_and_comes_back(tmp_path: Path) -> None:
    with PostgresServer() as server:
        address = server.url(server.new_database(), password="s3cret")
        store = open_records(Records.model_validate({"engine": "postgresql", "url": address}), tmp_path)
        server.stop()
        with pytest.raises(RecordsError, match="look at the server") as caught, store.transaction():
            pass
        assert "s3cret" not in str(caught.value)
        assert caught.value.__cause__ is None
        server.start()

        def write() -> None:
            with store.transaction() as tx:
                tx.people.add(make_person())
                server.stop()
                with pytest.raises(RecordsError, match="look at"):
                    tx.people.list()

        with pytest.raises(RecordsError, match="nothing of the transaction was written"):
            write()
        server.start()
        with store.transaction(read_only=True) as tx:
            assert tx.people.list()[1] == 0
        store.close()


def test_more_at_once_than_there_are_connections(
    opened: Callable[[], RecordStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bartizan.storage.records.engine.POOL_TIMEOUT", 0.05)
    store = opened()
    held, done = threading.Barrier(9), threading.Event()

    def hold() -> None:
        with store.transaction(read_only=True):
            held.wait(30)
            done.wait(30)

    threads = [threading.Thread(target=hold) for _ in range(8)]
    for thread in threads:
        thread.start()
    held.wait(30)
    with pytest.raises(RecordsError, match=r"raise storage\.records\.pool"), store.transaction(read_only=True):
        pass
    done.set()
    for thread in threads:
        thread.join()


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    open_records(Records(), tmp_path).close()
    file = tmp_path.joinpath(*FILE)
    size = file.stat().st_size
    with file.open("r+b") as damaged:
        damaged.seek(4096)
        damaged.write(os.urandom(size - 4096))
    with pytest.raises(RecordsError, match="restore it from a backup"):
        _read_everything(open_records(Records(), tmp_path))


def _read_everything(store: RecordStore) -> Any:
    try:
        with store.transaction(read_only=True) as tx:
            return tx.people.list(), tx.people.groups(), tx.audit.list()
    finally:
        store.close()

"""How connections are made."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.support.postgres import PostgresServer

from bartizan.errors import RecordsError
from bartizan.storage.records.engine import postgresql_engine, sqlite_engine


def _arguments(address: str) -> dict[str, object]:
    """Return what libpq is told."""
    engine, _ = postgresql_engine(address, pool=1, timeout=1.0)
    return engine.dialect.create_connect_args(engine.url)[1]


def _pragma(engine: Engine, name: str) -> object:
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_sqlite_keeps_references_and_what_is_committed(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path / "records.sqlite", pool=1, timeout=2.5)
    assert (_pragma(engine, "foreign_keys"), _pragma(engine, "synchronous")) == (1, 2)
    assert (_pragma(engine, "busy_timeout"), _pragma(engine, "secure_delete")) == (2500, 1)
    engine.dispose()


def test_the_file_is_for_this_user_only_even_if_it_was_not(tmp_path: Path) -> None:
    file = tmp_path / "records" / "records.sqlite"
    sqlite_engine(file, pool=1, timeout=1.0).dispose()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    file.chmod(0o644)
    sqlite_engine(file, pool=1, timeout=1.0).dispose()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_made_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("in the way")
    with pytest.raises(RecordsError, match=r"correct storage\.directory"):
        sqlite_engine(tmp_path / "records" / "records.sqlite", pool=1, timeout=1.0)


@pytest.mark.parametrize("address", ["", "x", "mysql://u:s3cret@host/db", "postgresql:/s3cret", "http://s3cret@host"])
def test_what_is_no_address_is_refused_without_showing_it(address: str) -> None:
    with pytest.raises(RecordsError, match=r"storage\.records\.url is not an address") as caught:
        postgresql_engine(address, pool=1, timeout=1.0)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["postgresql://u:s3cret@db.example:5433/b", "postgres://u:s3cret@db.example:5433/b"]
)
def test_a_server_elsewhere_has_to_prove_who_it_is(address: str) -> None:
    engine, where = postgresql_engine(address, pool=1, timeout=1.0)
    assert where == "postgresql://db.example:5433/b"
    arguments = engine.dialect.create_connect_args(engine.url)[1]
    assert (arguments["sslmode"], arguments["sslrootcert"]) == ("verify-full", "system")
    assert "s3cret" not in repr(engine)


def test_the_address_may_say_otherwise() -> None:
    assert _arguments("postgresql://db.example/b?sslmode=require")["sslmode"] == "require"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", ""])
def test_a_server_on_this_machine_needs_no_certificate(host: str) -> None:
    assert "sslmode" not in _arguments(f"postgresql://u@{host}/b")
    assert "sslmode" not in _arguments("postgresql://u@/b?host=/run/postgresql")


def test_the_server_ends_what_takes_too_long(postgres: PostgresServer) -> None:
    engine, _ = postgresql_engine(f"{postgres.url()}&options=-csearch_path%3Dother", pool=1, timeout=2.5)
    settings = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "search_path")
    with engine.connect() as connection:
        shown = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in (*settings, "application_name")]
    assert shown == ["2500ms", "2500ms", "25s", "other", "bartizan"]
    engine.dispose()

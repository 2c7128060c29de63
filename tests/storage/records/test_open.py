"""Opening the records as the configuration says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.postgres import PostgresServer
from tests.support.records import make_person

from bartizan.config.model import Records
from bartizan.errors import RecordsError
from bartizan.storage.records.open import open_records
from bartizan.storage.records.store import RecordStore


def test_what_was_written_is_there_when_opened_again(opened: Callable[[], RecordStore]) -> None:
    person = make_person()
    with opened().transaction() as tx:
        tx.people.add(person)
    with opened().transaction(read_only=True) as tx:
        assert tx.people.find("ann") == person


def test_files_are_for_this_user_only(tmp_path: Path) -> None:
    store = open_records(Records(), tmp_path)
    with store.transaction() as tx:
        tx.people.add(make_person())
        files = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "records").iterdir()}
    store.close()
    assert files == dict.fromkeys(["records.sqlite", "records.sqlite-wal", "records.sqlite-shm", "records.lock"], 0o600)


def test_a_server_without_an_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="needs a url"):
        open_records(Records.model_validate({"engine": "postgresql"}), tmp_path)


def test_a_server_that_does_not_answer_is_told_without_the_password(tmp_path: Path) -> None:
    settings = {"engine": "postgresql", "url": f"postgresql://u:s3cret@/b?host={tmp_path}"}
    with pytest.raises(RecordsError, match=r"look at the server and storage\.records\.url") as caught:
        open_records(Records.model_validate(settings), tmp_path)
    assert "s3cret" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_a_database_that_is_not_there_is_told(postgres: PostgresServer, tmp_path: Path) -> None:
    settings = Records.model_validate({"engine": "postgresql", "url": postgres.url("missing")})
    with pytest.raises(RecordsError, match=r"missing|storage\.records\.url"):
        open_records(settings, tmp_path)

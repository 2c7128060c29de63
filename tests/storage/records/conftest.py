"""The records on both engines: what is tested with one is tested with the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.postgres import PostgresServer
from tests.support.records import make_device, make_person

from bartizan.config.model import Records
from bartizan.storage.records.entities import Device, Principal
from bartizan.storage.records.open import open_records
from bartizan.storage.records.store import RecordStore


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def migrated(postgres: PostgresServer) -> str:
    """A database with its tables, to be copied: that is quicker than to make them for each test."""
    name = postgres.new_database()
    open_records(Records.model_validate({"engine": "postgresql", "url": postgres.url(name)}), Path()).close()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest) -> Records:
    """Settings for records that are empty."""
    if request.param == "sqlite":
        return Records.model_validate({"pool": 8})
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.url(server.new_database(request.getfixturevalue("migrated")))
    return Records.model_validate({"engine": "postgresql", "url": url, "pool": 8})


@pytest.fixture
def opened(settings: Records, tmp_path: Path) -> Iterator[Callable[[], RecordStore]]:
    """Opens the records, as many times as asked for."""
    stores: list[RecordStore] = []

    def again() -> RecordStore:
        stores.append(open_records(settings, tmp_path))
        return stores[-1]

    yield again
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Callable[[], RecordStore]) -> RecordStore:
    return opened()


@pytest.fixture
def ann(store: RecordStore) -> Principal:
    """A person whom the records know."""
    person = make_person("ann", user_handle=b"a" * 32)
    with store.transaction() as tx:
        tx.people.add(person)
    return person


@pytest.fixture
def laptop(store: RecordStore, ann: Principal) -> Device:
    """Her device."""
    device = make_device(ann)
    with store.transaction() as tx:
        tx.devices.add(device)
    return device

"""Records with three people: alice with two devices, and two administrators."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.approvals import Desk
from tests.support.records import make_device, make_person
from tests.support.sessions import Clock

from bartizan.access.approvals import Approvals, Decider
from bartizan.config.model import Access, Records
from bartizan.storage.records.entities import Device, Principal
from bartizan.storage.records.open import open_records
from bartizan.storage.records.store import RecordStore


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    opened = open_records(Records(), tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def approvals(clock: Clock) -> Approvals:
    return Approvals(Access(), clock)


@pytest.fixture
def alice(store: RecordStore) -> Principal:
    return _added(store, "alice")


@pytest.fixture
def desk(store: RecordStore, approvals: Approvals, alice: Principal) -> Desk:
    return Desk(store, approvals, alice)


@pytest.fixture
def carol(store: RecordStore) -> Decider:
    return Decider(principal=_added(store, "carol").id, device="carols-laptop", administrator=True)


@pytest.fixture
def dave(store: RecordStore) -> Decider:
    return Decider(principal=_added(store, "dave").id, device="daves-laptop", administrator=True)


@pytest.fixture
def laptop(store: RecordStore, alice: Principal) -> Device:
    return _device(store, alice)


@pytest.fixture
def phone(store: RecordStore, alice: Principal) -> Device:
    return _device(store, alice)


@pytest.fixture
def on_phone(alice: Principal, phone: Device) -> Decider:
    """Alice on her phone, who used her passkey just now."""
    return Decider(principal=alice.id, device=phone.id, gesture=True)


@pytest.fixture
def on_laptop(alice: Principal, laptop: Device) -> Decider:
    return Decider(principal=alice.id, device=laptop.id, gesture=True)


def _added(store: RecordStore, name: str) -> Principal:
    person = make_person(name, user_handle=name.encode().ljust(32, b"."))
    with store.transaction() as tx:
        tx.people.add(person)
    return person


def _device(store: RecordStore, person: Principal) -> Device:
    device = make_device(person)
    with store.transaction() as tx:
        tx.devices.add(device)
    return device

"""Devices, on both engines."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.records import NOW, all_at_once, make_device

from bartizan.errors import RecordConflict, RecordNotFound
from bartizan.storage.records.entities import Device, Principal
from bartizan.storage.records.store import RecordStore

SUBSCRIPTION = {"endpoint": "https://push.example/1", "keys": {"p256dh": "x", "auth": "y"}}


def test_a_device_is_found_by_id_and_thumbprint_with_all_fields(store: RecordStore, ann: Principal) -> None:
    device = make_device(
        ann,
        kind="client",
        status="quarantined",
        platform="Linux",
        browser="Chromium",
        browser_version="156",
        last_seen=NOW,
        last_address="2001:db8::1",
        risk=40,
        push=SUBSCRIPTION,
    )
    with store.transaction() as tx:
        tx.devices.add(device)
    with store.transaction(read_only=True) as tx:
        assert tx.devices.get(device.id) == tx.devices.by_thumbprint(device.thumbprint) == device
        assert tx.devices.get("x") is tx.devices.by_thumbprint("x") is None


def test_devices_are_listed_by_age(store: RecordStore, ann: Principal, laptop: Device) -> None:
    older = make_device(ann, enrolled=NOW - 1, status="revoked")
    with store.transaction() as tx:
        tx.devices.add(older)
        assert tx.devices.of(ann.id) == [older, laptop]
        assert tx.devices.of("nobody") == []


def test_a_key_is_enrolled_once(store: RecordStore, ann: Principal, laptop: Device) -> None:
    with pytest.raises(RecordConflict, match="enrolled already"), store.transaction() as tx:
        tx.devices.add(make_device(ann, thumbprint=laptop.thumbprint))


def test_an_update_changes_neither_key_nor_owner_nor_status(store: RecordStore, laptop: Device) -> None:
    with store.transaction() as tx:
        assert tx.devices.set_status(laptop.id, "quarantined")
        tx.devices.update(
            msgspec.structs.replace(laptop, label="Work", last_seen=NOW, push=SUBSCRIPTION, thumbprint="other")
        )
        found = tx.devices.get(laptop.id)
        with pytest.raises(RecordNotFound):
            tx.devices.update(msgspec.structs.replace(laptop, id="x"))
    assert found == msgspec.structs.replace(
        laptop, label="Work", last_seen=NOW, push=SUBSCRIPTION, status="quarantined"
    )


def test_a_revoked_device_stays_so_and_gets_no_pushes(store: RecordStore, ann: Principal) -> None:
    device = make_device(ann, push=SUBSCRIPTION)
    with store.transaction() as tx:
        tx.devices.add(device)
        assert not tx.devices.set_status(device.id, "trusted")
        assert tx.devices.set_status(device.id, "revoked")
        assert not tx.devices.set_status(device.id, "trusted")
        assert not tx.devices.set_status(device.id, "revoked")
        assert not tx.devices.set_status("x", "revoked")
        assert tx.devices.get(device.id) == msgspec.structs.replace(device, status="revoked", push=None)


def test_of_parallel_revocations_one_is_told_that_it_did(store: RecordStore, laptop: Device) -> None:
    def revoke(_: int) -> bool:
        with store.transaction() as tx:
            return tx.devices.set_status(laptop.id, "revoked")

    assert sum(all_at_once(6, revoke)) == 1

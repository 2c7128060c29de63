"""The audit trail, on both engines."""

from __future__ import annotations

import msgspec
from tests.support.records import all_at_once

from bartizan.storage.records.entities import AuditEvent
from bartizan.storage.records.store import RecordStore


def test_events_are_numbered_in_their_order(store: RecordStore) -> None:
    event = AuditEvent(
        time=1.5,
        actor="cli:root",
        action="device.revoked",
        target="d-1",
        address="192.0.2.7",
        outcome="failure",
        details={"why": "lost \N{TELEPHONE RECEIVER}"},
    )
    with store.transaction() as tx:
        tx.audit.add(event)
        tx.audit.add(AuditEvent(time=2.0, actor="system", action="x"))
    with store.transaction(read_only=True) as tx:
        first, second = tx.audit.list()
    assert msgspec.structs.replace(first, number=0) == event
    assert 0 < first.number < second.number


def test_events_are_listed_by_cursor_actor_and_target(store: RecordStore) -> None:
    with store.transaction() as tx:
        for number in range(6):
            tx.audit.add(AuditEvent(time=float(number), actor=f"a{number % 2}", action="x", target=f"t{number % 3}"))
    with store.transaction(read_only=True) as tx:
        everything = tx.audit.list()
        times = [event.time for event in tx.audit.list(after=everything[1].number, limit=3)]
        assert times == [2.0, 3.0, 4.0]
        assert [event.time for event in tx.audit.list(actor="a1")] == [1.0, 3.0, 5.0]
        assert [event.time for event in tx.audit.list(actor="a0", target="t0")] == [0.0]
        assert [event.time for event in tx.audit.latest(2)] == [4.0, 5.0]
        assert [event.time for event in tx.audit.latest(9, target="t1")] == [1.0, 4.0]
        assert tx.audit.latest(actor="nobody") == []


def test_what_was_rolled_back_was_never_there(store: RecordStore) -> None:
    def add(number: int) -> None:
        try:
            with store.transaction() as tx:
                tx.audit.add(AuditEvent(time=float(number), actor="a", action="x"))
                if number % 2:
                    raise ValueError
        except ValueError:
            pass

    all_at_once(6, add)
    with store.transaction(read_only=True) as tx:
        assert sorted(event.time for event in tx.audit.list()) == [0.0, 2.0, 4.0]

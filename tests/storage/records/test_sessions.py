"""The history of sessions, on both engines."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.records import NOW, all_at_once, make_device, make_session_record

from bartizan.errors import RecordConflict, RecordNotFound
from bartizan.storage.records.entities import Device, Principal
from bartizan.storage.records.store import RecordStore


def test_a_session_is_found_with_all_fields_until_it_ends(store: RecordStore, laptop: Device) -> None:
    session = make_session_record(laptop)
    with store.transaction() as tx:
        tx.sessions.add(session)
        assert tx.sessions.get(session.id) == session
        assert tx.sessions.get("x") is None
        assert tx.sessions.live() == [session]
        assert tx.sessions.end(session.digest, NOW + 9, "logout")
        assert not tx.sessions.end(session.digest, NOW + 10, "revoked")
        assert not tx.sessions.end(b"x", NOW, "logout")
        assert tx.sessions.live() == []
        assert tx.sessions.get(session.id) == msgspec.structs.replace(session, ended=NOW + 9, end_reason="logout")


def test_live_sessions_are_those_of_a_person_or_a_device(store: RecordStore, ann: Principal, laptop: Device) -> None:
    phone = make_device(ann)
    first, second = make_session_record(phone, started=NOW - 5), make_session_record(laptop)
    with store.transaction() as tx:
        tx.devices.add(phone)
        for session in (second, first, make_session_record(laptop, ended=NOW)):
            tx.sessions.add(session)
        assert tx.sessions.live(ann.id) == [first, second]
        assert tx.sessions.live(device=phone.id) == [first]
        assert tx.sessions.live(ann.id, laptop.id) == [second]
        assert tx.sessions.live("nobody") == []


def test_history_begins_with_the_newest(store: RecordStore, ann: Principal, laptop: Device) -> None:
    sessions = [make_session_record(laptop, started=NOW + number, ended=NOW + 99) for number in range(4)]
    with store.transaction() as tx:
        for session in sessions:
            tx.sessions.add(session)
        assert tx.sessions.history(ann.id, 3) == [sessions[3], sessions[2], sessions[1]]
        assert tx.sessions.history("nobody") == []


def test_sessions_that_ran_out_are_ended_together(store: RecordStore, laptop: Device) -> None:
    old, new = make_session_record(laptop, started=NOW - 100), make_session_record(laptop, started=NOW)
    with store.transaction() as tx:
        tx.sessions.add(old)
        tx.sessions.add(new)
        assert tx.sessions.expire(NOW, NOW + 1) == 1
        assert tx.sessions.live() == [new]
        assert tx.sessions.get(old.id) == msgspec.structs.replace(old, ended=NOW + 1, end_reason="lifetime")


def test_a_session_needs_a_device_and_a_digest_of_its_own(store: RecordStore, laptop: Device) -> None:
    session = make_session_record(laptop)
    with store.transaction() as tx:
        tx.sessions.add(session)
        with pytest.raises(RecordConflict):
            tx.sessions.add(make_session_record(laptop, digest=session.digest))
        with pytest.raises(RecordNotFound):
            tx.sessions.add(make_session_record(msgspec.structs.replace(laptop, id="x")))


def test_a_session_ends_once_whoever_ends_it(store: RecordStore, laptop: Device) -> None:
    session = make_session_record(laptop)
    with store.transaction() as tx:
        tx.sessions.add(session)

    def end(number: int) -> bool:
        with store.transaction() as tx:
            return tx.sessions.end(session.digest, NOW + number, "logout")

    assert sum(all_at_once(6, end)) == 1


def test_an_end_by_risk_can_be_undone_until_somebody_gives_it_another_reason(
    store: RecordStore, ann: Principal, laptop: Device
) -> None:
    first, second, third = (make_session_record(laptop, started=NOW + number) for number in range(3))
    with store.transaction() as tx:
        for session in (first, second, third):
            tx.sessions.add(session)
        for session, reason in ((first, "risk"), (second, "risk_quarantine"), (third, "logout")):
            tx.sessions.end(session.digest, NOW + 9, reason)
        assert [session.id for session in tx.sessions.undoable(laptop.id)] == [first.id, second.id]
        assert tx.sessions.reinstate(first.id)
        assert tx.sessions.live() == [first]
        assert not tx.sessions.reinstate(first.id)
        assert not tx.sessions.reinstate(third.id)
        assert tx.sessions.supersede("disabled", principal="nobody") == 0
        assert tx.sessions.supersede("disabled", principal=ann.id) == 1
        assert not tx.sessions.reinstate(second.id)
        assert tx.sessions.end(first.digest, NOW + 9, "risk")
        assert tx.sessions.supersede("revoked", session=second.id, device=laptop.id) == 0
        assert tx.sessions.supersede("revoked", session=first.id) == 1

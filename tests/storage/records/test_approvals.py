"""Approvals, on both engines: decided once, used once, in time."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.records import NOW, all_at_once, make_approval, make_person

from bartizan.errors import RecordNotFound
from bartizan.storage.records.approvals import USE_GRACE
from bartizan.storage.records.entities import Approval, Principal
from bartizan.storage.records.store import RecordStore


def _added(store: RecordStore, approval: Approval) -> Approval:
    with store.transaction() as tx:
        tx.approvals.add(approval)
    return approval


def test_all_fields_are_kept(store: RecordStore, ann: Principal) -> None:
    approval = make_approval(
        ann,
        "device",
        not_before=NOW + 1,
        secret="42",
        context={"place": "Zürich"},
        data={"jwk": {"kty": "EC"}, "n": [1, None]},
        requested_by="cli:root",
    )
    _added(store, approval)
    with store.transaction(read_only=True) as tx:
        assert tx.approvals.get(approval.id) == approval
        assert tx.approvals.get("x") is None
    with pytest.raises(RecordNotFound):
        _added(store, make_approval(make_person("nobody")))


def test_pending_are_those_that_can_still_be_decided(store: RecordStore, ann: Principal) -> None:
    bob = make_person("bob")
    login, device = make_approval(ann, created=NOW - 1), make_approval(ann, "device")
    recovery = make_approval(bob, "recovery", created=NOW - 5, expires=NOW + 999)
    with store.transaction() as tx:
        tx.people.add(bob)
        for approval in (device, login, recovery, make_approval(ann, expires=NOW), make_approval(ann, status="denied")):
            tx.approvals.add(approval)
        assert tx.approvals.pending(ann.id, now=NOW) == [login, device]
        assert tx.approvals.pending(ann.id, "device", now=NOW) == [device]
        assert tx.approvals.pending(now=NOW) == [recovery, login, device]
        assert tx.approvals.pending(kind="recovery", now=NOW) == [recovery]
        assert tx.approvals.pending(now=NOW + 60) == [recovery]


def test_a_decision_is_made_once_and_used_once(store: RecordStore, ann: Principal) -> None:
    approval = _added(store, make_approval(ann))
    with store.transaction() as tx:
        assert not tx.approvals.use(approval.id, NOW)
        assert tx.approvals.decide(approval.id, "approved", ann.id, NOW + 1)
        assert not tx.approvals.decide(approval.id, "denied", ann.id, NOW + 2)
        assert tx.approvals.use(approval.id, NOW + 3)
        assert not tx.approvals.use(approval.id, NOW + 3)
        found = tx.approvals.get(approval.id)
    assert found == msgspec.structs.replace(approval, status="used", decided_by=ann.id, decided=NOW + 1)


def test_what_is_denied_or_too_late_is_never_used(store: RecordStore, ann: Principal) -> None:
    denied, late = _added(store, make_approval(ann)), _added(store, make_approval(ann))
    with store.transaction() as tx:
        assert tx.approvals.decide(denied.id, "denied", ann.id, NOW)
        assert not tx.approvals.use(denied.id, NOW)
        assert not tx.approvals.decide(late.id, "approved", ann.id, late.expires)
        assert tx.approvals.decide(late.id, "approved", ann.id, late.expires - 0.5)
        assert not tx.approvals.use(late.id, late.expires + USE_GRACE)
        assert tx.approvals.use(late.id, late.expires + USE_GRACE - 0.5)
        assert not tx.approvals.decide("x", "approved", ann.id, NOW)


def test_what_has_to_wait_is_not_used_before(store: RecordStore, ann: Principal) -> None:
    approval = _added(store, make_approval(ann, "recovery", not_before=NOW + 10))
    with store.transaction() as tx:
        assert tx.approvals.decide(approval.id, "approved", "p-admin", NOW)
        assert not tx.approvals.use(approval.id, NOW + 9.9)
        assert tx.approvals.use(approval.id, NOW + 10)


def test_attempts_are_counted_while_there_is_something_to_decide(store: RecordStore, ann: Principal) -> None:
    approval = _added(store, make_approval(ann))
    with store.transaction() as tx:
        assert [tx.approvals.count_attempt(approval.id) for _ in range(3)] == [1, 2, 3]
        assert tx.approvals.count_attempt("x") == 0
        tx.approvals.decide(approval.id, "denied", ann.id, NOW)
        assert tx.approvals.count_attempt(approval.id) == 0


def test_what_nobody_decided_expires(store: RecordStore, ann: Principal) -> None:
    late, open_ = _added(store, make_approval(ann, expires=NOW)), _added(store, make_approval(ann, expires=NOW + 1))
    with store.transaction() as tx:
        assert tx.approvals.expire(NOW) == 1
        assert tx.approvals.get(late.id) == msgspec.structs.replace(late, status="expired")
        assert tx.approvals.get(open_.id) == open_


def test_requests_are_counted_by_kind_and_time(store: RecordStore, ann: Principal) -> None:
    for number in range(4):
        _added(store, make_approval(ann, created=NOW + number))
    _added(store, make_approval(ann, "device"))
    with store.transaction(read_only=True) as tx:
        assert tx.approvals.since(ann.id, "login", NOW + 1) == 3
        assert tx.approvals.since("nobody", "login", 0) == 0


def test_parallel_decisions_uses_and_attempts_are_exact(store: RecordStore, ann: Principal) -> None:
    approval = _added(store, make_approval(ann))

    def attempt(_: int) -> int:
        with store.transaction() as tx:
            return tx.approvals.count_attempt(approval.id)

    def decide(number: int) -> bool:
        with store.transaction() as tx:
            return tx.approvals.decide(approval.id, "approved", f"device-{number}", NOW)

    def use(_: int) -> bool:
        with store.transaction() as tx:
            return tx.approvals.use(approval.id, NOW)

    assert sorted(all_at_once(8, attempt)) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert sum(all_at_once(8, decide)) == 1
    assert sum(all_at_once(8, use)) == 1


def test_what_was_approved_is_listed_until_it_is_used_and_can_be_cancelled(store: RecordStore, ann: Principal) -> None:
    later, sooner = (_added(store, make_approval(ann, "recovery", not_before=NOW + 50, created=at)) for at in (9, 1))
    _added(store, make_approval(ann, "login", status="approved"))
    with store.transaction() as tx:
        assert not tx.approvals.cancel(later.id, ann.id, NOW)
        for approval in (later, sooner):
            assert tx.approvals.decide(approval.id, "approved", "carol", NOW)
        assert [found.id for found in tx.approvals.approved(ann.id, "recovery", now=NOW)] == [sooner.id, later.id]
        assert tx.approvals.approved(ann.id, "recovery", now=NOW + 60) == []
        assert tx.approvals.cancel(later.id, ann.id, NOW + 1)
        assert not tx.approvals.cancel(later.id, ann.id, NOW + 1)
        assert not tx.approvals.use(later.id, NOW + 51)
        assert not tx.approvals.cancel(sooner.id, ann.id, NOW + 60)
        cancelled = tx.approvals.get(later.id)
    assert cancelled is not None
    assert (cancelled.status, cancelled.decided_by, cancelled.decided) == ("denied", ann.id, NOW + 1)

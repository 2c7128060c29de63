from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.records import NOW, make_approval, make_person

from bartizan.access.approvals.machine import (
    KINDS,
    MAX_ATTEMPTS,
    TRANSITIONS,
    Decider,
    Event,
    Verdict,
    check_may,
    event_of,
    next_status,
    status_at,
)
from bartizan.errors import AccessError
from bartizan.storage.records.approvals import USE_GRACE
from bartizan.storage.records.entities import Approval, ApprovalKind, ApprovalStatus

ALICE = make_person("alice")
STATUSES: tuple[ApprovalStatus, ...] = get_args(ApprovalStatus)
EVENTS: tuple[Event, ...] = get_args(Event)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
PERSON = Decider(principal=ALICE.id, device="phone", gesture=True)
ADMINISTRATOR = Decider(principal="carol", device="laptop", administrator=True, gesture=True)


def approval(kind: ApprovalKind, **changes: object) -> Approval:
    return make_approval(ALICE, kind, **({"secret": "42", "data": {"device": "laptop"}} | changes))


def code(item: Approval, verdict: Verdict, decider: Decider) -> str:
    """Return why this decider may not, or nothing."""
    try:
        check_may(item, verdict, decider)
    except AccessError as error:
        return error.code
    return ""


def test_only_what_the_table_has_happens() -> None:
    for status in STATUSES:
        for event in EVENTS:
            item = approval("recovery", status=status)
            assert next_status(item, event, NOW) == TRANSITIONS.get((status, event))


def test_denied_expired_and_used_are_final() -> None:
    assert {status for status, _ in TRANSITIONS} == {"pending", "approved"}


@given(st.sampled_from(list(KINDS)), st.sampled_from(STATUSES), st.sampled_from(EVENTS), st.floats(-100, 200))
def test_nothing_is_decided_after_its_time_nor_used_before(
    kind: ApprovalKind, status: ApprovalStatus, event: Event, after: float
) -> None:
    item = approval(kind, status=status, not_before=NOW + 20)
    becomes = next_status(item, event, NOW + after)
    if after >= 60 and status == "pending":
        assert becomes is None
    if becomes == "used":
        assert 20 <= after < 60 + USE_GRACE


def test_time_ends_what_is_open_and_nothing_else() -> None:
    assert status_at(approval("login"), NOW + 59.9) == "pending"
    assert status_at(approval("login"), NOW + 60) == "expired"
    assert status_at(approval("login", status="approved"), NOW + 60) == "approved"
    assert status_at(approval("login", status="approved"), NOW + 60 + USE_GRACE) == "expired"
    for status in ("denied", "used"):
        assert status_at(approval("login", status=status), NOW + 1e9) == status


@pytest.mark.parametrize("kind", ["device", "login"])
def test_a_number_is_right_three_times_at_most(kind: ApprovalKind) -> None:
    item = approval(kind)
    assert event_of(item, "approve", "42", MAX_ATTEMPTS) == "approve"
    assert event_of(item, "approve", "42", MAX_ATTEMPTS + 1) == "last_miss"
    assert [event_of(item, "approve", "43", attempt) for attempt in (1, 2, 3, 4)] == ["miss"] * 2 + ["last_miss"] * 2
    assert event_of(item, "approve", "", 1) == "miss"


def test_without_a_number_there_is_nothing_to_guess() -> None:
    assert event_of(approval("login", secret=""), "approve", "", 1) == "miss"
    assert event_of(approval("reset"), "approve", "", 0) == "approve"


@pytest.mark.parametrize("kind", ["device", "login"])
def test_people_answer_for_themselves_on_another_device(kind: ApprovalKind) -> None:
    item = approval(kind)
    for verdict in ("approve", "deny", "not_me"):
        assert code(item, verdict, PERSON) == ""
        assert code(item, verdict, Decider(principal="bob", device="phone", gesture=True)) == "approval_not_found"
        assert code(item, verdict, ADMINISTRATOR) == "approval_not_found"
        assert code(item, verdict, Decider(principal=ALICE.id, device="", gesture=True)) == "approval_not_found"
        same = Decider(principal=ALICE.id, device="laptop", gesture=True)
        assert code(item, verdict, same) == "approval_same_device"
    assert code(item, "cancel", PERSON) == "approval_verdict"


def test_a_new_device_takes_a_gesture_to_confirm_and_none_to_refuse() -> None:
    plain = Decider(principal=ALICE.id, device="phone")
    assert code(approval("device"), "approve", plain) == "approval_gesture"
    assert code(approval("device"), "not_me", plain) == ""
    assert code(approval("login"), "approve", plain) == ""


def test_a_recovery_is_for_administrators_and_its_person_cancels() -> None:
    item = approval("recovery")
    assert code(item, "approve", ADMINISTRATOR) == ""
    assert code(item, "deny", ADMINISTRATOR) == ""
    assert code(item, "cancel", ADMINISTRATOR) == ""
    assert code(item, "cancel", PERSON) == ""
    assert code(item, "approve", PERSON) == "approval_not_found"
    assert code(item, "cancel", Decider(principal="bob", device="phone")) == "approval_not_found"
    assert code(item, "not_me", PERSON) == "approval_verdict"
    own = Decider(principal=ALICE.id, device="phone", administrator=True)
    assert code(item, "approve", own) == "approval_own"
    assert code(item, "cancel", own) == ""


def test_a_reset_takes_two_administrators_and_not_its_person() -> None:
    item = approval("reset", requested_by="carol")
    other = Decider(principal="dave", device="desktop", administrator=True)
    assert code(item, "approve", other) == ""
    assert code(item, "approve", ADMINISTRATOR) == "approval_dual_control"
    assert code(item, "deny", ADMINISTRATOR) == ""
    assert code(item, "approve", PERSON) == "approval_not_found"
    assert code(item, "approve", Decider(principal=ALICE.id, device="d", administrator=True)) == "approval_own"
    assert code(item, "approve", Decider(principal="erin", device="d")) == "approval_not_found"


def test_only_a_recovery_is_taken_back_after_it_was_approved() -> None:
    for kind in KINDS:
        expected = "denied" if kind == "recovery" else None
        assert next_status(approval(kind, status="approved"), "cancel", NOW) == expected


@given(st.sampled_from(list(KINDS)), st.sampled_from(VERDICTS), st.booleans(), st.sampled_from(["phone", "laptop", ""]))
def test_strangers_never_may(kind: ApprovalKind, verdict: Verdict, gesture: bool, device: str) -> None:
    assert code(approval(kind), verdict, Decider(principal="mallory", device=device, gesture=gesture)) != ""

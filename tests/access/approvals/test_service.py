"""Approvals in real records."""

from __future__ import annotations

import pytest
from tests.support.approvals import CONTEXT, KEY, Desk, wrong
from tests.support.sessions import NOW, Clock

from bartizan.access.approvals import Approvals, Asked, Decider, TooMany
from bartizan.access.approvals.service import HOUR, RECOVERY_OPEN, RESET_OPEN
from bartizan.config.model import Access
from bartizan.errors import AccessError
from bartizan.pipeline import Actor
from bartizan.storage.records.approvals import USE_GRACE
from bartizan.storage.records.entities import Device, Principal
from bartizan.storage.records.store import RecordStore

WAIT = 24 * HOUR


# Logins and devices


def test_a_login_is_approved_with_the_number_and_used_once(desk: Desk, on_phone: Decider, laptop: Device) -> None:
    asked = desk.ask_login(device=laptop.id)
    assert isinstance(asked, Asked)
    assert (asked.expires, len(asked.number)) == (NOW + 60, 2)
    assert desk.status(asked) == "pending"
    decision = desk.agree(asked, on_phone)
    assert (decision.approved, decision.password_change, decision.signals) == (True, False, ())
    assert desk.status(asked) == "approved"
    used = desk.use(asked)
    assert (used.principal, used.decided_by, used.data["device"]) == (desk.alice.id, on_phone.device, laptop.id)
    assert desk.status(asked) == "used"
    with pytest.raises(AccessError, match="was used already"):
        desk.use(asked)


def test_a_new_device_is_confirmed_and_what_to_enrol_comes_back(desk: Desk, on_phone: Decider) -> None:
    asked = desk.ask_device()
    assert isinstance(asked, Asked)
    assert asked.expires == NOW + 120
    plain = Decider(principal=on_phone.principal, device=on_phone.device)
    with pytest.raises(AccessError) as caught:
        desk.agree(asked, plain)
    assert caught.value.code == "approval_gesture"
    assert desk.agree(asked, on_phone).approved
    used = desk.use(asked, "new")
    assert (used.data["jwk"], used.decided_by) == (KEY, on_phone.device)


def test_a_number_that_is_shown_already_is_the_one_to_enter(desk: Desk, on_phone: Decider) -> None:
    with desk.store.transaction() as tx:
        asked = desk.approvals.ask_device(tx, desk.alice.id, "new", context=CONTEXT, data={"jwk": KEY}, number="73")
    assert isinstance(asked, Asked)
    assert asked.number == "73"
    assert desk.answer(asked, "approve", on_phone, "73").approved


def test_who_decides_learns_whose_login_it_was(desk: Desk, on_phone: Decider) -> None:
    with desk.store.transaction() as tx:
        asked = desk.approvals.ask_login(
            tx, desk.alice.id, "login", context=CONTEXT, device="laptop", data={"authentication": "digest"}
        )
    decision = desk.answer(asked, "not_me", on_phone)
    assert (decision.approval.data["authentication"], decision.approval.data["device"]) == ("digest", "laptop")


def test_the_third_wrong_number_denies(desk: Desk, on_phone: Decider) -> None:
    asked = desk.ask_login()
    assert isinstance(asked, Asked)
    first, second, third = (desk.answer(asked, "approve", on_phone, wrong(asked)) for _ in range(3))
    assert [decision.event for decision in (first, second, third)] == ["miss", "miss", "last_miss"]
    assert [decision.attempts_left for decision in (first, second, third)] == [2, 1, 0]
    assert [signal.name for signal in third.signals] == ["access.mfa_denied"]
    assert Actor("principal", "alice") in third.signals[0].actors
    assert desk.agree(asked, on_phone).event == "gone"
    assert desk.status(asked) == "denied"


def test_the_right_number_still_counts_after_two_wrong_ones(desk: Desk, on_phone: Decider) -> None:
    asked = desk.ask_login()
    for _ in range(2):
        desk.answer(asked, "approve", on_phone, wrong(asked))
    assert desk.agree(asked, on_phone).approved


def test_time_ends_a_request_for_good(desk: Desk, on_phone: Decider, clock: Clock) -> None:
    asked = desk.ask_login()
    clock.forward(60)
    assert desk.status(asked) == "expired"
    for verdict in ("approve", "deny", "not_me"):
        decision = desk.answer(asked, verdict, on_phone, asked.number if isinstance(asked, Asked) else "")
        assert (decision.event, decision.approval.status, decision.signals) == ("gone", "expired", ())
    with pytest.raises(AccessError, match="was not approved"):
        desk.use(asked)


def test_what_was_approved_at_the_last_moment_can_be_used_for_a_moment(
    desk: Desk, on_phone: Decider, clock: Clock
) -> None:
    asked, late = desk.ask_login("first"), desk.ask_login("second")
    clock.forward(59)
    desk.agree(asked, on_phone)
    desk.agree(late, on_phone)
    clock.forward(1 + USE_GRACE - 1)
    desk.use(asked, "first")
    clock.forward(1)
    with pytest.raises(AccessError):
        desk.use(late, "second")


def test_not_me_tells_to_change_the_password(desk: Desk, on_phone: Decider) -> None:
    asked = desk.ask_login()
    decision = desk.answer(asked, "not_me", on_phone)
    assert (decision.approved, decision.password_change) == (False, True)
    assert [(signal.name, signal.technique) for signal in decision.signals] == [("access.mfa_denied", "T1078")]
    assert desk.status(asked) == "denied"
    assert desk.agree(asked, on_phone).event == "gone"


def test_a_denied_device_is_a_signal(desk: Desk, on_phone: Decider) -> None:
    decision = desk.answer(desk.ask_device(), "deny", on_phone)
    assert [signal.name for signal in decision.signals] == ["access.device_denied"]
    assert not decision.password_change


def test_the_device_that_asks_does_not_answer(desk: Desk, on_laptop: Decider, laptop: Device) -> None:
    asked = desk.ask_login(device=laptop.id)
    with pytest.raises(AccessError) as caught:
        desk.agree(asked, on_laptop)
    assert caught.value.code == "approval_same_device"
    assert desk.inbox(on_laptop) == []


def test_others_neither_answer_nor_use_up_attempts(desk: Desk, on_phone: Decider, carol: Decider) -> None:
    asked = desk.ask_login()
    for decider in (carol, Decider(principal="mallory", device="d")):
        for _ in range(4):
            with pytest.raises(AccessError) as caught:
                desk.answer(asked, "approve", decider, wrong(asked))
            assert caught.value.code == "approval_not_found"
    assert desk.agree(asked, on_phone).approved


def test_who_asked_is_told_how_it_stands_and_nobody_else(desk: Desk, on_phone: Decider) -> None:
    asked = desk.ask_login("secret")
    desk.agree(asked, on_phone)
    for other in ("", "secret2", "Secret"):
        with pytest.raises(AccessError) as caught:
            desk.status(asked, other)
        assert caught.value.code == "approval_not_found"
        with pytest.raises(AccessError):
            desk.use(asked, other)
    assert desk.use(asked, "secret").status == "used"


def test_there_is_no_request_of_an_unknown_id(desk: Desk, on_phone: Decider) -> None:
    unknown = Asked("nothing", "42", NOW)
    for call in (
        lambda: desk.agree(unknown, on_phone),
        lambda: desk.status(unknown),
        lambda: desk.use(unknown),
    ):
        with pytest.raises(AccessError) as caught:
            call()
        assert caught.value.code == "approval_not_found"


def test_who_asks_anew_ends_the_earlier_request_and_no_other(desk: Desk, on_phone: Decider) -> None:
    first, other, second = desk.ask_login("a"), desk.ask_login("b"), desk.ask_login("a")
    assert [desk.status(item, asker) for item, asker in ((first, "a"), (other, "b"), (second, "a"))] == [
        "expired",
        "pending",
        "pending",
    ]
    assert desk.agree(first, on_phone).event == "gone"


@pytest.mark.parametrize("kind", ["login", "device"])
def test_a_person_is_asked_five_times_an_hour(desk: Desk, kind: str, clock: Clock, on_phone: Decider) -> None:
    ask = desk.ask_login if kind == "login" else desk.ask_device
    for number in range(5):
        asked = ask(f"asker {number}")
        desk.agree(asked, on_phone)
        clock.forward(60)
    refused = ask("another")
    assert isinstance(refused, TooMany)
    assert refused.retry_after == HOUR / 5
    assert [signal.name for signal in refused.signals] == ["access.mfa_fatigue"]
    assert Actor("principal", "alice") in refused.signals[0].actors
    clock.forward(HOUR - 300 + 1)
    assert isinstance(ask("another"), Asked)


def test_asking_anew_counts_as_well(desk: Desk) -> None:
    assert [isinstance(desk.ask_login("same"), Asked) for _ in range(6)] == [True] * 5 + [False]


def test_people_see_what_they_can_answer_and_not_the_number(
    desk: Desk, on_phone: Decider, on_laptop: Decider, laptop: Device, carol: Decider
) -> None:
    asked = desk.ask_login(device=laptop.id)
    desk.ask_device()
    assert sorted(desk.inbox(on_phone)) == ["device", "login"]
    assert desk.inbox(on_laptop) == ["device"]
    assert desk.inbox(carol) == []
    with desk.store.transaction(read_only=True) as tx:
        shown = next(item for item in desk.approvals.inbox(tx, on_phone) if item.kind == "login")
    assert isinstance(asked, Asked)
    assert (shown.id, shown.context, shown.expires) == (asked.id, CONTEXT, asked.expires)
    assert not hasattr(shown, "secret")
    assert not hasattr(shown, "data")


# Recovery


def test_a_recovery_takes_an_administrator_and_time(desk: Desk, carol: Decider, clock: Clock) -> None:
    asked = desk.ask_recovery()
    assert (asked.not_before, asked.expires, asked.number) == (NOW + WAIT, NOW + WAIT + RECOVERY_OPEN, "")
    assert desk.inbox(carol) == ["recovery"]
    decision = desk.answer(asked, "approve", carol)
    assert (decision.approved, decision.approval.status) == (True, "approved")
    clock.forward(WAIT - 1)
    with pytest.raises(AccessError):
        desk.use(asked, "lost")
    clock.forward(1)
    used = desk.use(asked, "lost")
    assert (used.decided_by, used.data["jwk"]) == (carol.principal, KEY)


def test_time_alone_recovers_nothing(desk: Desk, clock: Clock) -> None:
    asked = desk.ask_recovery()
    clock.forward(WAIT + 1)
    with pytest.raises(AccessError):
        desk.use(asked, "lost")
    clock.forward(RECOVERY_OPEN)
    assert desk.status(asked, "lost") == "expired"


@pytest.mark.parametrize("approved_first", [True, False])
def test_a_trusted_device_cancels_a_recovery(
    desk: Desk, carol: Decider, on_phone: Decider, clock: Clock, approved_first: bool
) -> None:
    asked = desk.ask_recovery()
    if approved_first:
        desk.answer(asked, "approve", carol)
    assert desk.inbox(on_phone) == ["recovery"]
    clock.forward(WAIT / 2)
    decision = desk.answer(asked, "cancel", on_phone)
    assert (decision.event, decision.approval.status) == ("cancel", "denied")
    assert desk.answer(asked, "approve", carol).event == "gone"
    clock.forward(WAIT)
    with pytest.raises(AccessError):
        desk.use(asked, "lost")
    assert desk.inbox(on_phone) == []


def test_what_was_recovered_is_cancelled_no_more(desk: Desk, carol: Decider, on_phone: Decider, clock: Clock) -> None:
    asked = desk.ask_recovery()
    desk.answer(asked, "approve", carol)
    clock.forward(WAIT)
    desk.use(asked, "lost")
    decision = desk.answer(asked, "cancel", on_phone)
    assert (decision.event, decision.approval.status) == ("gone", "used")


# Reset


def test_a_reset_takes_two_administrators(desk: Desk, carol: Decider, dave: Decider, clock: Clock) -> None:
    asked = desk.ask_reset(carol.principal)
    assert asked.expires == NOW + RESET_OPEN
    with pytest.raises(AccessError) as caught:
        desk.answer(asked, "approve", carol)
    assert caught.value.code == "approval_dual_control"
    assert desk.inbox(dave) == ["reset"]
    assert desk.answer(asked, "approve", dave).approved
    used = desk.use(asked, carol.principal)
    assert (used.requested_by, used.decided_by) == (carol.principal, dave.principal)


def test_nobody_resets_their_own_account(desk: Desk, alice: Principal, carol: Decider) -> None:
    with pytest.raises(AccessError, match="your own account"):
        desk.ask_reset(alice.id)
    asked = desk.ask_reset(carol.principal)
    with pytest.raises(AccessError, match="your own account"):
        desk.answer(asked, "approve", Decider(principal=alice.id, device="d", administrator=True))


def test_an_administrator_takes_back_what_they_asked_for(desk: Desk, carol: Decider, dave: Decider) -> None:
    asked = desk.ask_reset(carol.principal)
    assert desk.answer(asked, "deny", carol).approval.status == "denied"
    assert desk.answer(asked, "approve", dave).event == "gone"


def test_settings_say_how_long_and_how_often(store: RecordStore, alice: Principal, clock: Clock) -> None:
    push, devices = {"lifetime": "30s", "per_hour": 1}, {"approval_lifetime": "1m", "recovery_wait": "0s"}
    settings = Access.model_validate({"push": push, "devices": devices})
    desk = Desk(store, Approvals(settings, clock), alice)
    asked, device, recovery = desk.ask_login(), desk.ask_device(), desk.ask_recovery()
    assert isinstance(asked, Asked)
    assert isinstance(device, Asked)
    assert (asked.expires, device.expires, recovery.not_before) == (NOW + 30, NOW + 60, NOW)
    assert isinstance(desk.ask_login("again"), TooMany)

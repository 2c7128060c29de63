"""Choosing and changing passwords."""

import pytest
from tests.support.device import Answer
from tests.support.people import PASSWORD, Someone, World

NEW = "meadow lantern quartz"
STRICT = {"password_policy": "strict-rotation", "login": {"per_device": 100_000}}
STRONG = "Orchid-Tram-Violet-7"


def change(someone: Someone, new: str = NEW, current: str | None = PASSWORD) -> Answer:
    body = {"new": new} if current is None else {"new": new, "current": current}
    return someone.browser.post("password", body)


def test_new_password_is_in_force_at_once(world: World) -> None:
    alice = world.enrol()

    assert change(alice).data == {}

    assert alice.browser.post("login", {"name": "alice", "password": PASSWORD}).code == "login_refused"
    assert alice.browser.post("login", {"name": "alice", "password": NEW})["step"] == "factor"
    assert [event.details for event in world.audited("password.changed")] == [{"why": "own"}]


def test_other_sessions_end_with_it(world: World) -> None:
    alice = world.enrol()
    second = world.add_device(alice)

    change(alice)

    assert alice.browser.post("account").status == 200
    assert second.post("account").code == "login_required"


@pytest.mark.parametrize("current", ["wrong", None])
def test_current_password_has_to_be_known(world: World, current: str | None) -> None:
    alice = world.enrol()

    assert change(alice, current=current).code == "factor_refused"
    assert alice.browser.post("login", {"name": "alice", "password": PASSWORD})["step"] == "factor"


def test_guessing_the_current_password_is_throttled(world: World) -> None:
    alice = world.enrol()

    codes = [change(alice, current="wrong").code for _ in range(21)]

    assert codes[-1] == "too_many_attempts"


@pytest.mark.parametrize("new", ["short", "password", "alice", "bartizan"])
def test_weak_passwords_are_refused_with_reasons(world: World, new: str) -> None:
    alice = world.enrol()

    answer = change(alice, new)

    assert (answer.status, answer.code) == (422, "password_refused")
    assert all(reason.endswith(".") for reason in answer["reasons"])
    assert new not in answer["detail"] or new in ("password", "alice", "short")


def test_policy_is_told(world: World) -> None:
    alice = world.enrol()

    answer = alice.browser.post("password/policy")

    assert answer["policy"]["minimum"] >= 8
    assert answer["policy"]["rules"]
    assert (answer["current"], answer["why"]) == (True, "")


@pytest.mark.parametrize("why", ["compromised", "reset", "expired"])
def test_login_may_ask_for_a_new_password_after_its_factors(world: World, why: str) -> None:
    alice = world.enrol()
    second = world.add_device(alice)
    world.change(alice, password_change=why)
    alice.browser.post("login", {"name": "alice", "password": PASSWORD})
    assert change(alice, current=None).code == "wrong_step"
    assert alice.browser.post("password/policy").code == "wrong_step"

    assert alice.browser.post("factors/totp", {"code": alice.code()}).data == {"step": "password"}
    policy = alice.browser.post("password/policy")
    assert (policy["current"], policy["why"]) == (False, why)
    assert change(alice, "short", None).code == "password_refused"
    answer = change(alice, current=None)

    assert answer["step"] == "done"
    assert alice.browser.post("account").status == 200
    assert second.post("account").code == "login_required"
    person = world.in_records(lambda tx: tx.people.get(alice.id))
    assert person is not None
    assert person.password_change == ""


def test_passkey_login_asks_for_it_as_well(world: World) -> None:
    alice = world.enrol()
    world.change(alice, password_change="compromised")

    assert alice.log_in_with_passkey().data == {"step": "password"}
    assert change(alice, current=None)["step"] == "done"


@pytest.mark.parametrize("settings", [STRICT])
def test_strict_rotation_asks_after_its_time_and_takes_none_of_the_last(world: World) -> None:
    alice = world.enrol(password=STRONG)
    world.clock.forward(91 * 86_400)
    alice.browser.post("login", {"name": "alice", "password": STRONG})
    assert alice.browser.post("factors/totp", {"code": alice.code()}).data == {"step": "password"}
    assert alice.browser.post("password/policy")["why"] == "expired"

    refused = change(alice, STRONG, None)
    assert refused.code == "password_refused"
    assert "last" in refused["reasons"][0]
    assert change(alice, "Kettle-Meadow-Lamp-3", None)["step"] == "done"
    assert change(alice, STRONG, "Kettle-Meadow-Lamp-3").code == "password_refused"


@pytest.mark.parametrize("settings", [{"groups": [{"name": "finance", "password_policy": "strict-rotation"}]}])
def test_policy_is_that_of_the_groups(world: World) -> None:
    alice, bob = world.enrol("alice", "finance", password=STRONG), world.enrol("bob")

    assert change(alice, "meadow lantern quartz", STRONG).code == "password_refused"
    assert change(bob, "meadow lantern quartz").status == 200


def test_without_session_and_login_there_is_nothing_to_change(world: World) -> None:
    answer = world.browser().post("password", {"new": NEW, "current": PASSWORD})

    assert answer.code == "login_required"


def test_former_passwords_are_kept_as_hashes_only(world: World) -> None:
    alice = world.enrol()
    change(alice)

    kept = world.in_records(lambda tx: tx.credentials.of(alice.id, "password", revoked=True))

    assert sorted(credential.revoked is None for credential in kept) == [False, True]
    assert all(credential.secret.startswith(b"$argon2id$") for credential in kept)

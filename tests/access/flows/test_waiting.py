"""A new device waits for a trusted one: number matching, one use, two minutes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.support.authenticator import Lies
from tests.support.device import SESSION, Browser
from tests.support.people import PASSWORD, Someone, World

LOOSE = {"push": {"per_hour": 100}, "login": {"per_account": 1000}}


def waiting(world: World, someone: Someone) -> tuple[Browser, str]:
    """Return a new browser that waits, and the number that it shows."""
    browser = world.browser(address="198.51.100.9")
    assert browser.post("login", {"name": someone.name, "password": PASSWORD}).data == {"step": "device"}
    number = browser.post("device")["number"]
    world.settle()
    return browser, number


def another(number: str) -> str:
    return "10" if number != "10" else "11"


def test_confirmed_device_is_enrolled_and_the_login_goes_on(world: World) -> None:
    alice = world.enrol()
    browser, number = waiting(world, alice)
    assert browser.post("device/status").data == {"status": "pending"}

    assert alice.confirm(number).data == {}

    assert browser.post("device/status").data == {"status": "approved", "step": "factor"}
    device, first = world.device(browser), world.device(alice.browser)
    assert device is not None
    assert first is not None
    assert (device.status, device.enrolled_by, device.principal) == ("trusted", first.id, alice.id)
    assert browser.post("factors/totp", {"code": alice.code()})["step"] == "done"
    assert browser.post("account").status == 200


def test_whoever_decides_sees_where_it_asks_from_and_no_number(world: World) -> None:
    alice = world.enrol()
    _, number = waiting(world, alice)

    answer = alice.browser.post("approvals")

    assert answer["here"] == {"address": "192.0.2.7", "client": "Chrome 140.0.0.0 on Linux"}
    (shown,) = answer["approvals"]
    assert (shown["kind"], shown["number"]) == ("device", True)
    assert shown["context"] == {"address": "198.51.100.9", "client": "Chrome 140.0.0.0 on Linux"}
    assert number not in (shown["context"], *shown["context"].values())
    assert "secret" not in shown


def test_number_stays_the_same_when_the_page_is_reloaded(world: World) -> None:
    browser, number = waiting(world, world.enrol())

    assert browser.post("device")["number"] == number


def test_wrong_numbers_end_it(world: World) -> None:
    alice = world.enrol()
    browser, number = waiting(world, alice)

    left = [alice.confirm(another(number)) for _ in range(3)]

    assert [(answer.status, answer.code, answer["left"]) for answer in left] == [
        (422, "wrong_number", 2),
        (422, "wrong_number", 1),
        (422, "wrong_number", 0),
    ]
    assert alice.browser.post("approvals")["approvals"] == []
    assert browser.post("device/status").data == {"status": "pending"}  # nobody is told
    assert world.raised("access.device_denied")


def test_gesture_is_needed_and_is_for_this_request(world: World) -> None:
    alice = world.enrol()
    _, number = waiting(world, alice)
    (shown,) = alice.browser.post("approvals")["approvals"]
    body = {"id": shown["id"], "decision": "approve", "number": number}
    assert alice.browser.post("approvals/decide", body).code == "approval_gesture"

    options = alice.browser.post("approvals/options", {"id": "something-else"})["publicKey"]
    answer = alice.browser.post("approvals/decide", {**body, "credential": alice.authenticator.get(options)})
    assert answer.status == 401

    options = alice.browser.post("approvals/options", {"id": shown["id"]})["publicKey"]
    credential = alice.authenticator.get(options, Lies(origin="https://evil.example"))
    assert alice.browser.post("approvals/decide", {**body, "credential": credential}).code == "webauthn_refused"


def test_without_a_passkey_nobody_confirms_devices(world: World) -> None:
    alice = world.enrol(passkey=False)
    waiting(world, alice)
    (shown,) = alice.browser.post("approvals")["approvals"]

    answer = alice.browser.post("approvals/options", {"id": shown["id"]})

    assert answer.code == "factor_not_accepted"


@pytest.mark.parametrize("decision", ["deny", "not_me"])
def test_refusal_is_a_signal_and_not_told_to_the_device(world: World, decision: str) -> None:
    alice = world.enrol()
    browser, number = waiting(world, alice)

    answer = alice.confirm(number, decision)

    assert answer.data == ({"step": "password"} if decision == "not_me" else {})
    assert browser.post("device/status").data == {"status": "pending"}
    world.clock.forward(130)
    assert browser.post("device/status").data == {"status": "expired"}
    assert browser.post("device").status == 200
    world.settle()
    assert world.device(browser) is None
    (signal,) = world.raised("access.device_denied")
    assert signal.technique == "T1098.005"


def test_not_me_makes_the_password_one_that_has_to_be_changed(world: World) -> None:
    alice = world.enrol()
    _, number = waiting(world, alice)
    alice.confirm(number, "not_me")
    alice.browser.post("logout")

    alice.browser.post("login", {"name": "alice", "password": PASSWORD})
    answer = alice.browser.post("factors/totp", {"code": alice.code()})

    assert answer.data == {"step": "password"}
    assert alice.browser.post("password/policy")["why"] == "compromised"


def test_it_ends_after_two_minutes(world: World) -> None:
    alice = world.enrol()
    browser, number = waiting(world, alice)
    world.clock.forward(121)

    assert alice.browser.post("approvals")["approvals"] == []
    assert browser.post("device/status").data == {"status": "expired"}
    assert browser.post("device")["number"]  # it may ask anew
    assert number


def test_approval_is_used_once(world: World) -> None:
    alice = world.enrol()
    browser, number = waiting(world, alice)
    alice.confirm(number)
    clients = world.copies(browser, 6)

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda client: client.post("device/status"), clients))

    # One that comes while another uses the approval is told to ask again.
    assert {answer.data.get("status") for answer in answers} <= {"approved", "pending"}, answers
    assert browser.post("device/status").data == {"status": "approved", "step": "factor"}
    assert len([each for each in world.in_records(lambda tx: tx.devices.of(alice.id)) if each.status == "trusted"]) == 2


def test_approval_is_for_the_device_that_asked(world: World) -> None:
    alice = world.enrol()
    browser, number = waiting(world, alice)
    alice.confirm(number)
    thief = world.browser(cookies=dict(browser.cookies))

    assert thief.post("device/status").code == "login_expired"


def test_device_that_asks_cannot_confirm_itself(world: World) -> None:
    alice = world.enrol()
    browser, number = waiting(world, alice)
    (shown,) = alice.browser.post("approvals")["approvals"]

    answer = browser.post("approvals/decide", {"id": shown["id"], "decision": "approve", "number": number})

    assert answer.code == "login_required"


def test_somebody_else_can_neither_see_nor_answer_it(world: World) -> None:
    alice, bob = world.enrol("alice"), world.enrol("bob")
    _, number = waiting(world, alice)
    (shown,) = alice.browser.post("approvals")["approvals"]

    assert bob.browser.post("approvals")["approvals"] == []
    options = bob.browser.post("approvals/options", {"id": shown["id"]})["publicKey"]
    body = {"id": shown["id"], "number": number, "credential": bob.authenticator.get(options)}
    answer = bob.browser.post("approvals/decide", {**body, "decision": "approve"})
    assert answer.code == "approval_not_found"


def test_people_are_asked_only_so_often(world: World) -> None:
    alice = world.enrol()
    for _ in range(6):
        waiting(world, alice)

    assert len(alice.browser.post("approvals")["approvals"]) == 5
    assert world.raised("access.mfa_fatigue")


@pytest.mark.parametrize("settings", [{**LOOSE, "devices": {"per_person": 2}}])
def test_there_are_only_so_many_devices(world: World) -> None:
    alice = world.enrol()
    world.add_device(alice)
    browser, number = waiting(world, alice)
    alice.confirm(number)

    assert browser.post("device/status").code == "too_many_devices"
    assert world.device(browser) is None
    assert SESSION not in browser.cookies

"""Push approval: another trusted device is asked, told the number, and may say that it was not them."""

from tests.support.device import Browser
from tests.support.people import PASSWORD, Someone, World


def asked(world: World, someone: Someone, browser: Browser) -> str:
    """Have a login on ``browser`` ask the person's first device; returns the number."""
    assert browser.post("login", {"name": someone.name, "password": PASSWORD}).data == {"step": "factor"}
    answer = browser.post("factors/push")
    assert answer.status == 200, answer
    assert answer["expires_in"] == 60
    return str(answer["number"])


def test_number_that_is_entered_on_the_other_device_proves_it(world: World) -> None:
    alice = world.enrol()
    second = world.add_device(alice)
    second.post("logout")
    number = asked(world, alice, second)
    assert second.post("factors/push/status").data == {"status": "pending"}

    assert alice.confirm(number).data == {}

    answer = second.post("factors/push/status")
    assert (answer["status"], answer["step"]) == ("approved", "done")
    found = world.session(second)
    assert found is not None
    assert (found.session.aal, set(found.session.factors)) == (2, {"password", "push"})


def test_answer_is_good_once_and_for_one_login(world: World) -> None:
    alice = world.enrol()
    second = world.add_device(alice)
    number = asked(world, alice, second)
    before = dict(second.cookies)
    (shown,) = alice.browser.post("approvals")["approvals"]
    alice.confirm(number)
    assert second.post("factors/push/status")["step"] == "done"

    again = alice.browser.post("approvals/decide", {"id": shown["id"], "decision": "approve", "number": number})
    assert again.code == "approval_gone"
    second.cookies = before
    assert second.post("factors/push/status").code == "login_expired"
    asked(world, alice, second)
    assert second.post("factors/push/status").data == {"status": "pending"}


def test_device_that_logs_in_cannot_agree_itself(world: World) -> None:
    alice = world.enrol()
    second = world.add_device(alice)
    number = asked(world, alice, second)  # it has a session still

    assert second.post("approvals")["approvals"] == []
    (shown,) = alice.browser.post("approvals")["approvals"]
    answer = second.post("approvals/decide", {"id": shown["id"], "decision": "approve", "number": number})
    assert answer.code == "approval_same_device"


def test_without_another_device_there_is_nobody_to_ask(world: World) -> None:
    alice = world.enrol()
    alice.browser.post("login", {"name": "alice", "password": PASSWORD})

    assert "push" not in alice.browser.post("factors")["available"]
    assert alice.browser.post("factors/push").code == "factor_not_accepted"


def test_wrong_numbers_end_it_and_are_a_signal(world: World) -> None:
    alice = world.enrol()
    second = world.add_device(alice)
    number = asked(world, alice, second)
    wrong = "10" if number != "10" else "11"

    assert [alice.confirm(wrong)["left"] for _ in range(3)] == [2, 1, 0]
    assert second.post("factors/push/status").data == {"status": "denied"}
    assert world.raised("access.mfa_denied")


def test_not_me_ends_the_login_and_its_sessions_and_starts_a_password_change(world: World) -> None:
    alice = world.enrol()
    second = world.add_device(alice)
    number = asked(world, alice, second)
    assert world.session(second) is not None

    assert alice.confirm(number, "not_me").data == {"step": "password"}

    assert world.session(second) is None
    assert second.post("factors/totp", {"code": alice.code()}).code in ("wrong_step", "login_expired")
    (signal,) = world.raised("access.mfa_denied")
    assert (signal.severity, signal.technique) == (80, "T1078")
    person = world.in_records(lambda tx: tx.people.get(alice.id))
    assert person is not None
    assert person.password_change == "compromised"


def test_nobody_answers_in_time(world: World) -> None:
    alice = world.enrol()
    second = world.add_device(alice)
    asked(world, alice, second)
    world.clock.forward(61)

    assert second.post("factors/push/status").data == {"status": "expired"}
    assert alice.browser.post("approvals")["approvals"] == []


def test_people_are_asked_only_so_often(world: World) -> None:
    alice = world.enrol()
    second = world.add_device(alice)
    for _ in range(5):
        asked(world, alice, second)
    second.post("login", {"name": "alice", "password": PASSWORD})

    answer = second.post("factors/push")

    assert (answer.status, answer.code) == (429, "too_many_attempts")
    assert world.raised("access.mfa_fatigue")
    assert second.post("factors/totp", {"code": alice.code()})["step"] == "done"  # another way is open

"""Answering what waits: who may, with what, and what follows."""

from concurrent.futures import ThreadPoolExecutor

from tests.support.device import Browser
from tests.support.people import PASSWORD, World


def test_answers_at_the_same_time_share_three_attempts(world: World) -> None:
    alice = world.enrol()
    second = world.add_device(alice)
    second.post("login", {"name": "alice", "password": PASSWORD})
    number = second.post("factors/push")["number"]
    (shown,) = alice.browser.post("approvals")["approvals"]
    tabs = world.copies(alice.browser, 8)
    guesses = [str(guess) for guess in range(10, 99) if str(guess) != number][:8]

    def guess(pair: tuple[Browser, str]) -> str:
        answer = pair[0].post("approvals/decide", {"id": shown["id"], "decision": "approve", "number": pair[1]})
        return answer.code

    with ThreadPoolExecutor(8) as threads:
        codes = list(threads.map(guess, zip(tabs, guesses, strict=True)))

    assert codes.count("wrong_number") <= 3
    assert set(codes) <= {"wrong_number", "approval_gone"}
    right = alice.browser.post("approvals/decide", {"id": shown["id"], "decision": "approve", "number": number})
    assert right.code == "approval_gone"


def test_every_answer_is_audited(world: World) -> None:
    alice = world.enrol()
    second = world.add_device(alice)
    second.post("login", {"name": "alice", "password": PASSWORD})
    number = second.post("factors/push")["number"]
    wrong = "10" if number != "10" else "11"
    alice.confirm(wrong)
    alice.confirm(number)

    miss, approve = world.audited("approval.miss")[0], world.audited("approval.approve")[-1]
    assert (miss.actor, miss.details["kind"]) == (alice.id, "login")
    assert approve.target == miss.target
    assert number not in str(approve.details)


def test_what_does_not_exist_cannot_be_answered(world: World) -> None:
    alice = world.enrol()

    for decision in ("approve", "deny", "not_me", "cancel"):
        answer = alice.browser.post("approvals/decide", {"id": "x" * 22, "decision": decision, "number": "12"})
        assert (answer.status, answer.code) == (404, "approval_not_found")


def test_administrators_see_what_is_theirs_to_decide(world: World) -> None:
    alice, root = world.enrol("alice"), world.enrol("root", "administrators")
    world.browser().post("recover", {"name": "alice", "password": PASSWORD, "code": alice.codes[0]})
    world.settle()

    (shown,) = root.browser.post("approvals")["approvals"]

    assert (shown["kind"], shown["principal"]) == ("recovery", alice.id)
    world.clock.forward(301)
    answer = root.browser.post("approvals/decide", {"id": shown["id"], "decision": "approve"})
    assert (answer.code, answer["factor"], answer["max_age"]) == ("reauth_required", "webauthn", 300)
    assert alice.browser.post("approvals/decide", {"id": shown["id"], "decision": "deny"}).code == "approval_not_found"
    root.prove_anew()
    assert root.browser.post("approvals/decide", {"id": shown["id"], "decision": "approve"}).data == {}


def test_device_that_is_trusted_no_more_answers_nothing(world: World) -> None:
    alice = world.enrol()
    second = world.add_device(alice)
    second.post("login", {"name": "alice", "password": PASSWORD})
    number = second.post("factors/push")["number"]
    (shown,) = alice.browser.post("approvals")["approvals"]
    device = world.device(alice.browser)
    assert device is not None
    world.in_records(lambda tx: tx.devices.set_status(device.id, "revoked"))

    answer = alice.browser.post("approvals/decide", {"id": shown["id"], "decision": "approve", "number": number})

    assert answer.status in (401, 403, 404)
    assert second.post("factors/push/status").data == {"status": "pending"}

"""Every device is lost: a recovery code, an administrator, a waiting period, and everybody may see it coming."""

import pytest
from tests.support.device import Answer, Browser
from tests.support.people import PASSWORD, Someone, World

from bartizan.access.approvals import Decider, Verdict

DAY = 86_400.0


def ask(browser: Browser, someone: Someone, code: str | None = None, **changes: str) -> Answer:
    body = {"name": someone.name, "password": PASSWORD, "code": code or someone.codes[0], **changes}
    return browser.post("recover", body)


def decide(world: World, verdict: Verdict, someone: Someone) -> None:
    """Have an administrator decide about the one recovery there is."""
    parts = world.control.services.parts
    decider = Decider(principal="administrator", device="theirs", administrator=True)

    def answer(tx: object) -> None:
        (waiting,) = parts.approvals.inbox(tx, decider)  # type: ignore[arg-type]
        parts.approvals.answer(tx, waiting.id, verdict, decider)  # type: ignore[arg-type]

    world.in_records(answer)


def test_after_an_administrator_and_the_waiting_period_this_device_is_trusted(world: World) -> None:
    alice = world.enrol()
    new = world.browser()
    assert ask(new, alice).data == {"wait": DAY}
    world.settle()
    decide(world, "approve", alice)

    new.post("login", {"name": "alice", "password": PASSWORD})
    new.post("device")
    assert new.post("device/status").data == {"status": "pending"}
    world.clock.forward(DAY)
    assert new.post("login", {"name": "alice", "password": PASSWORD}).data == {"step": "device"}
    assert new.post("device").status == 200
    assert new.post("device/status").data == {"status": "approved", "step": "factor"}
    assert new.post("factors/recovery", {"code": alice.codes[1]})["step"] == "done"
    device = world.device(new)
    assert device is not None
    assert device.enrolled_by == "recovery"


def test_without_an_administrator_nothing_happens(world: World) -> None:
    alice = world.enrol()
    new = world.browser()
    ask(new, alice)
    world.settle()
    world.clock.forward(2 * DAY)
    new.post("login", {"name": "alice", "password": PASSWORD})
    new.post("device")

    assert new.post("device/status").data == {"status": "pending"}


def test_another_device_does_not_profit(world: World) -> None:
    alice = world.enrol()
    ask(world.browser(), alice)
    world.settle()
    decide(world, "approve", alice)
    world.clock.forward(DAY)
    thief = world.browser()
    thief.post("login", {"name": "alice", "password": PASSWORD})
    thief.post("device")

    assert thief.post("device/status").data == {"status": "pending"}


@pytest.mark.parametrize("approved", [False, True])
def test_any_trusted_device_may_stop_it(world: World, approved: bool) -> None:
    alice = world.enrol()
    new = world.browser()
    ask(new, alice)
    world.settle()
    if approved:
        decide(world, "approve", alice)
    (shown,) = alice.browser.post("approvals")["approvals"]
    assert (shown["kind"], shown["approved"], shown["number"]) == ("recovery", approved, False)
    assert shown["not_before"] == world.clock() + DAY

    assert alice.browser.post("approvals/decide", {"id": shown["id"], "decision": "approve"}).status == 404
    assert alice.browser.post("approvals/decide", {"id": shown["id"], "decision": "cancel"}).status == 200

    world.clock.forward(DAY)
    new.post("login", {"name": "alice", "password": PASSWORD})
    new.post("device")
    assert new.post("device/status").data == {"status": "pending"}


def test_it_is_a_signal_and_uses_the_code_up(world: World) -> None:
    alice = world.enrol()
    ask(world.browser(), alice)
    world.settle()

    assert len(world.raised("access.recovery_asked")) == 1
    alice.browser.post("login", {"name": "alice", "password": PASSWORD})
    assert alice.browser.post("factors/recovery", {"code": alice.codes[0]}).code == "factor_refused"


def test_answer_is_the_same_whatever_was_wrong(world: World) -> None:
    alice = world.enrol()
    world.disable(world.enrol("carol"))
    told = [
        ask(world.browser(), alice),
        ask(world.browser(), alice, password="wrong"),
        ask(world.browser(), alice, "wrong"),
        ask(world.browser(), alice, name="nobody"),
        ask(world.browser(), alice, name="carol"),
        ask(alice.browser, alice, alice.codes[5]),  # a device that is enrolled needs no recovery
    ]
    world.settle()

    assert all((answer.status, answer.data) == (told[0].status, told[0].data) for answer in told)
    assert len(alice.browser.post("approvals")["approvals"]) == 1
    events = world.audited("recovery.asked")
    assert [event.outcome for event in events] == ["success", *["failure"] * 5]


def test_it_is_throttled(world: World) -> None:
    alice = world.enrol()

    statuses = [ask(world.browser(), alice, "wrong").status for _ in range(11)]

    assert statuses == [200] * 10 + [429]

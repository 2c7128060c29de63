"""Ends of sessions and of trust take effect at once, and are recorded."""

import pytest
from tests.support.device import SESSION
from tests.support.people import World

from bartizan.access.flows.endings import end_all_sessions, end_session, untrust_device
from bartizan.errors import RecordNotFound


def test_logout_ends_this_session(world: World) -> None:
    alice = world.enrol()
    second = world.add_device(alice)
    cookies = dict(alice.browser.cookies)

    assert alice.browser.post("logout").data == {}

    assert SESSION not in alice.browser.cookies
    alice.browser.cookies = cookies
    assert alice.browser.post("account").code == "login_required"
    assert second.post("account").status == 200
    assert world.audited("session.ended")[-1].details == {"reason": "logout"}


def test_logout_works_in_a_session_that_has_to_be_renewed(world: World) -> None:
    alice = world.enrol()
    alice.browser.address = "203.0.113.5"

    assert alice.browser.post("logout").status == 200


def test_logout_everywhere_ends_all(world: World) -> None:
    alice, bob = world.enrol("alice"), world.enrol("bob")
    second = world.add_device(alice)

    assert alice.browser.post("logout-everywhere").data == {"ended": 2}

    assert second.post("account").code == "login_required"
    assert bob.browser.post("account").status == 200
    reasons = {record.end_reason for record in world.in_records(lambda tx: tx.sessions.history(alice.id))}
    assert reasons == {"logout_everywhere"}


def test_ends_are_published_for_every_edge(world: World) -> None:
    alice = world.enrol()
    found = world.session(alice.browser)
    alice.browser.post("logout")

    assert found is not None
    ends = world.control.run(world.control.services.sessions.ends(None))
    assert [(ended.id, ended.reason) for _, ended in ends] == [(found.session.id, "logout")]


@pytest.mark.parametrize("status", ["quarantined", "revoked"])
def test_device_that_is_trusted_no_more_loses_its_sessions(world: World, status: str) -> None:
    alice = world.enrol()
    second = world.add_device(alice)
    device = world.device(second)
    assert device is not None

    work = untrust_device(world.control.services.parts, device.id, status, actor="cli:root")  # type: ignore[arg-type]
    world.control.run(work)

    assert second.post("account").code == "login_required"
    assert alice.browser.post("account").status == 200
    changed = world.device(second)
    assert changed is not None
    assert changed.status == status
    assert world.audited(f"device.{status}")[0].actor == "cli:root"
    answer = second.post("login", {"name": "alice", "password": alice.password})
    assert answer.code == "device_not_trusted"


def test_one_cannot_end_what_is_of_others(world: World) -> None:
    alice, bob = world.enrol("alice"), world.enrol("bob")
    parts = world.control.services.parts
    found, device = world.session(alice.browser), world.device(alice.browser)
    assert found is not None
    assert device is not None

    with pytest.raises(RecordNotFound):
        world.control.run(end_session(parts, found.session.id, owner=bob.id, actor=bob.id))
    with pytest.raises(RecordNotFound):
        world.control.run(untrust_device(parts, device.id, "revoked", actor=bob.id, owner=bob.id))
    assert alice.browser.post("account").status == 200


def test_all_but_one_can_be_ended(world: World) -> None:
    alice = world.enrol()
    second = world.add_device(alice)
    found = world.session(second)
    assert found is not None

    work = end_all_sessions(world.control.services.parts, alice.id, "test", actor="x", besides=found.digest)
    assert world.control.run(work) == 1

    assert second.post("account").status == 200
    assert alice.browser.post("account").code == "login_required"


@pytest.mark.parametrize("how", ["everywhere", "device"])
def test_a_session_that_risk_ended_cannot_come_back_after_its_person_ended_it(world: World, how: str) -> None:
    alice = world.enrol()
    second = world.add_device(alice)
    found, device = world.session(second), world.device(second)
    assert found is not None
    assert device is not None
    parts = world.control.services.parts
    assert world.control.run(parts.sessions.revoke(found.digest, "risk"))
    world.in_records(lambda tx: tx.sessions.end(found.digest, world.clock(), "risk"))

    if how == "everywhere":
        alice.browser.post("logout-everywhere")
    else:
        world.control.run(untrust_device(parts, device.id, "quarantined", actor=alice.id))

    assert not world.in_records(lambda tx: tx.sessions.reinstate(found.session.id))

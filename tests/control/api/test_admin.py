"""The API of administrators: what it does, to whom, with what proof, and that it is written down."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.device import Answer
from tests.support.people import PASSWORD, Someone, World

from bartizan.control.api.admin import ENDPOINTS
from bartizan.storage.records.entities import AuditEvent

CHANGES = [endpoint.path for endpoint in ENDPOINTS if endpoint.needs == "change"]
READS = [endpoint.path for endpoint in ENDPOINTS if endpoint.needs == "administrator"]


@pytest.fixture
def root(world: World) -> Someone:
    """An administrator who has used their passkey just now."""
    someone = world.enrol("root", "administrators")
    assert someone.prove_anew()["step"] == "done"
    return someone


def as_root(root: Someone, call: str, /, **body: Any) -> Answer:
    """Call an endpoint of administrators."""
    answer = root.browser.post(f"admin/{call}", body)
    assert answer.status == 200, answer
    return answer


def refused(root: Someone, call: str, /, **body: Any) -> tuple[int, str]:
    answer = root.browser.post(f"admin/{call}", body)
    return answer.status, answer.code


def last(world: World, action: str) -> AuditEvent:
    return world.audited(action)[-1]


@pytest.mark.parametrize("path", CHANGES + READS)
def test_nobody_else_is_an_administrator(world: World, path: str) -> None:
    alice = world.enrol("alice", "staff")
    alice.prove_anew()

    answer = alice.browser.post(path, {})

    assert (answer.status, answer.code) == (403, "not_administrator")


def test_changes_need_a_passkey_just_now_and_reading_does_not(world: World, root: Someone) -> None:
    world.clock.forward(301)
    for path in CHANGES:
        answer = root.browser.post(path, {})
        assert (answer.status, answer.code) == (401, "reauth_required"), path
        assert (answer["factor"], answer["max_age"]) == ("webauthn", 300), path
    assert as_root(root, "people")["total"] == 1
    root.prove_anew("totp")
    assert refused(root, "disable", person="root") == (401, "reauth_required")
    root.prove_anew()
    assert as_root(root, "invite", name="ann")["link"]


def test_somebody_who_is_invited_can_enrol(world: World, root: Someone) -> None:
    made = as_root(
        root, "invite", name="Ann", display_name="Ann Smith", email="ann@example.org", groups=["administrators"]
    )
    token = made["link"].partition("/.bartizan/enrol#")[2]

    browser = world.browser()
    started = browser.post("enrol/start", {"token": token})

    assert (started["name"], started["display_name"]) == ("ann", "Ann Smith")
    assert made["person"]["groups"] == ["administrators"]
    event = last(world, "principal.invited")
    assert (event.actor, event.target, event.address) == (root.id, made["person"]["id"], "192.0.2.7")
    assert token not in str(event)


def test_what_cannot_be_invited_is_told(world: World, root: Someone) -> None:
    assert refused(root, "invite", name="\u200b") == (422, "bad_name")
    assert refused(root, "invite", name="ann", email="no address") == (422, "bad_email")
    assert refused(root, "invite", name="ann", groups=["unheard-of"]) == (404, "not_found")
    answer = root.browser.post("admin/invite", {"name": "root"})
    assert (answer.status, answer.code) == (409, "conflict")
    assert "enrolled already" in answer["detail"]
    assert refused(root, "invite", name="a\x00b") == (400, "invalid_body")


def test_people_are_listed_by_page_and_filter(world: World, root: Someone) -> None:
    for name in ("ann", "bob", "eve"):
        world.person(name, *(["staff"] if name != "eve" else []))

    first = as_root(root, "people", count=2)
    assert ([each["name"] for each in first["people"]], first["total"]) == (["ann", "bob"], 4)
    rest = as_root(root, "people", count=2, start=2)
    assert [each["name"] for each in rest["people"]] == ["eve", "root"]
    assert [each["name"] for each in as_root(root, "people", group="staff")["people"]] == ["ann", "bob"]
    assert [each["name"] for each in as_root(root, "people", text="ev")["people"]] == ["eve"]
    assert [each["name"] for each in as_root(root, "people", name=" BOB ")["people"]] == ["bob"]
    assert as_root(root, "people", active=False)["total"] == 0
    assert refused(root, "people", count=201) == (400, "invalid_body")
    assert refused(root, "people", start=2**31) == (400, "invalid_body")


def test_a_person_is_shown_without_secrets(world: World, root: Someone) -> None:
    alice = world.enrol("alice")

    shown = as_root(root, "show", person="alice").data

    assert (shown["id"], shown["name"]) == (alice.id, "alice")
    assert {each["kind"] for each in shown["credentials"]} == {"password", "webauthn", "totp", "recovery"}
    assert [each["label"] for each in shown["devices"]] == ["Laptop"]
    assert [each["ended"] for each in shown["sessions"]] == [None]
    assert not {"secret", "jwk", "thumbprint", "user_handle", "digest"} & set(str(shown).replace("'", " ").split())
    assert refused(root, "show", person="nobody") == (404, "not_found")


def test_whoever_is_disabled_is_out_at_once_until_enabled(world: World, root: Someone) -> None:
    alice = world.enrol("alice")

    assert as_root(root, "disable", person="alice").data == {"sessions": 1}
    assert alice.browser.post("account").code == "login_required"
    assert last(world, "principal.disabled").actor == root.id
    assert as_root(root, "enable", person=alice.id)["active"] is True
    assert alice.log_in()["step"] == "done"
    assert last(world, "principal.enabled").target == alice.id


def test_groups_change_and_sessions_with_them(world: World, root: Someone) -> None:
    alice = world.enrol("alice", "staff")

    changed = as_root(root, "groups", person="alice", add=["finance"], remove=["staff"], make_groups=True)

    assert changed["groups"] == ["finance"]
    assert world.session(alice.browser) is None
    assert last(world, "principal.groups").details == {"name": "alice", "added": "finance", "removed": "staff"}
    assert refused(root, "groups", person="alice", add=["unheard-of"]) == (404, "not_found")


def test_an_administrator_is_always_left(world: World, root: Someone) -> None:
    assert refused(root, "disable", person="root") == (403, "own_account")
    assert refused(root, "groups", person=root.id, remove=["administrators"]) == (403, "own_account")


def test_sessions_are_revoked_one_or_all(world: World, root: Someone) -> None:
    alice = world.enrol("alice")
    (session,) = as_root(root, "show", person="alice")["sessions"]

    assert as_root(root, "revoke-session", id=session["id"]).data == {}
    assert world.session(alice.browser) is None
    alice.log_in()
    assert as_root(root, "revoke-sessions", person="alice").data == {"sessions": 1}
    assert world.session(alice.browser) is None
    assert last(world, "session.ended").actor == root.id
    assert refused(root, "revoke-session", id="x" * 22) == (404, "not_found")


def test_devices_are_quarantined_released_and_revoked(world: World, root: Someone) -> None:
    alice = world.enrol("alice")
    device = world.device(alice.browser)
    assert device is not None

    assert as_root(root, "quarantine-device", id=device.id)["status"] == "quarantined"
    assert world.session(alice.browser) is None
    assert alice.browser.post("login", {"name": "alice", "password": PASSWORD}).code == "device_not_trusted"
    assert as_root(root, "release-device", id=device.id)["status"] == "trusted"
    assert alice.log_in()["step"] == "done"
    assert as_root(root, "revoke-device", id=device.id)["status"] == "revoked"
    assert refused(root, "release-device", id=device.id) == (409, "conflict")
    assert refused(root, "revoke-device", id="x") == (404, "not_found")
    assert last(world, "device.revoked").target == device.id


def test_a_credential_that_is_revoked_proves_nothing(world: World, root: Someone) -> None:
    alice = world.enrol("alice")
    shown = as_root(root, "show", person="alice")
    (app,) = (each for each in shown["credentials"] if each["kind"] == "totp")

    assert as_root(root, "revoke-credential", id=app["id"]).data == {"kind": "totp"}

    assert alice.log_in().status != 200
    assert last(world, "credential.revoked").actor == root.id


def test_a_reset_takes_two_administrators(world: World, root: Someone) -> None:
    alice = world.enrol("alice")
    other = world.enrol("other", "administrators")
    asked = as_root(root, "reset", person="alice", because="Lost the phone")
    (shown,) = as_root(root, "approvals", kind="reset")["approvals"]
    assert (shown["id"], shown["name"], shown["context"]["because"]) == (asked["approval"], "alice", "Lost the phone")
    decision = {"id": asked["approval"], "decision": "approve"}

    assert root.browser.post("approvals/decide", decision).code == "approval_dual_control"
    assert refused(root, "reset/finish", approval=asked["approval"]) == (410, "approval_gone")
    assert alice.browser.post("approvals/decide", decision).code == "approval_not_found"
    (waiting,) = other.browser.post("approvals")["approvals"]
    assert waiting["id"] == asked["approval"]
    other.prove_anew()
    assert other.browser.post("approvals/decide", decision).status == 200
    assert refused(other, "reset/finish", approval=asked["approval"]) == (404, "approval_not_found")

    link = as_root(root, "reset/finish", approval=asked["approval"])["link"]

    assert refused(root, "reset/finish", approval=asked["approval"]) == (410, "approval_gone")
    started = world.browser().post("enrol/start", {"token": link.partition("#")[2]})
    assert started["name"] == "alice"
    assert [event.actor for event in world.audited("reset.asked")] == [root.id]
    assert [event.actor for event in world.audited("approval.approve")] == [other.id]


def test_to_agree_takes_a_passkey_just_now(world: World, root: Someone) -> None:
    world.enrol("alice")
    other = world.enrol("other", "administrators")
    asked = as_root(root, "reset", person="alice", because="Lost the phone")
    world.clock.forward(301)

    answer = other.browser.post("approvals/decide", {"id": asked["approval"], "decision": "approve"})

    assert (answer.status, answer.code, answer["factor"]) == (401, "reauth_required", "webauthn")


def test_nobody_asks_for_the_own_reset_or_without_a_reason(world: World, root: Someone) -> None:
    world.person("ann")

    assert refused(root, "reset", person="root", because="why not") == (403, "approval_own")
    assert refused(root, "reset", person="ann", because="  ") == (422, "bad_reason")


def test_recoveries_wait_for_an_administrator(world: World, root: Someone) -> None:
    alice = world.enrol("alice")
    body = {"name": "alice", "password": PASSWORD, "code": alice.codes[0]}
    assert world.browser().post("recover", body).status == 200
    world.settle()

    (waiting,) = as_root(root, "approvals", kind="recovery")["approvals"]

    assert (waiting["kind"], waiting["name"]) == ("recovery", "alice")
    assert waiting["not_before"] > waiting["created"]
    root.prove_anew()
    answer = root.browser.post("approvals/decide", {"id": waiting["id"], "decision": "deny"})
    assert answer.status == 200
    assert as_root(root, "approvals")["approvals"] == []


def test_the_audit_trail_is_read_by_page(world: World, root: Someone) -> None:
    for name in ("ann", "bob", "eve"):
        as_root(root, "invite", name=name)

    newest = as_root(root, "audit", count=2, actor="root")
    assert [event["action"] for event in newest["events"]] == ["principal.created", "principal.invited"]
    first = as_root(root, "audit", after=0, count=3)
    second = as_root(root, "audit", after=first["next"], count=3)
    numbers = [event["number"] for event in (*first["events"], *second["events"])]
    assert numbers == sorted(set(numbers))
    about = as_root(root, "audit", target="ann")["events"]
    assert [event["action"] for event in about] == ["principal.created", "principal.invited"]
    assert as_root(root, "audit", after=10**9).data == {"events": [], "next": 10**9}

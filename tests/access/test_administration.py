"""What administrators do, and that nobody's access outlives it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.administration import ROOT, Office, office
from tests.support.records import NOW

from bartizan.access.administration import Administration
from bartizan.access.changes import Actor
from bartizan.config.model import Access
from bartizan.errors import AccessError, RecordConflict, RecordNotFound

LINK = "https://api.example.org/.bartizan/enrol#"
ALICE = Actor("p-alice", "192.0.2.9")


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield opened


async def test_an_invitation_makes_a_person_and_a_link_that_is_kept_as_a_digest(at: Office) -> None:
    invited = await at.administration.invite(
        ROOT, " Ann ", display_name="Ann Smith", email="ann@example.org", groups=["finance"]
    )
    token = invited.link.removeprefix(LINK)
    assert len(token) == 43
    assert invited.expires == at.clock() + 72 * 3600
    with at.records.transaction(read_only=True) as tx:
        person = tx.people.find("ann")
        invitation = tx.invitations.by_digest(hashlib.sha256(token.encode()).digest())
    assert person == invited.person
    assert person is not None
    assert invitation is not None
    assert (person.display_name, person.email, person.groups) == ("Ann Smith", "ann@example.org", ("finance",))
    assert len(person.user_handle) == 32
    assert (invitation.principal, invitation.purpose, invitation.created_by) == (person.id, "enrol", "cli:root")
    assert token not in str(at.audit())
    assert {(event.actor, event.action) for event in at.audit()} == {
        ("cli:root", action)
        for action in ("principal.created", "group.created", "principal.groups", "principal.invited")
    }


async def test_a_second_invitation_ends_the_first_one(at: Office) -> None:
    first = await at.administration.invite(ROOT, "ann")
    second = await at.administration.invite(ROOT, "ANN", display_name="Ann")
    assert first.person.id == second.person.id
    (open_,) = (await at.administration.overview(first.person.id)).invitations
    assert open_.digest == hashlib.sha256(second.link.removeprefix(LINK).encode()).digest()


async def test_whoever_has_enrolled_gets_no_second_link_even_with_every_credential_revoked(at: Office) -> None:
    person, _, _ = await at.enrolled("ann")
    with pytest.raises(RecordConflict, match="enrolled already"):
        await at.administration.invite(ROOT, "ann")
    for credential in (await at.administration.overview(person.id)).credentials:
        await at.administration.revoke_credential(ROOT, credential.id)
    with pytest.raises(RecordConflict, match="enrolled already"):
        await at.administration.invite(ROOT, "ann")


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 129])
async def test_a_name_that_nobody_can_see_is_refused(at: Office, name: str) -> None:
    with pytest.raises(AccessError, match="can be seen"):
        await at.administration.invite(ROOT, name)


async def test_a_group_that_nobody_knows_is_refused_and_leaves_nothing(at: Office) -> None:
    with pytest.raises(RecordNotFound, match="'stuff'"):
        await at.administration.invite(ROOT, "ann", groups=["finance", "stuff"])
    assert at.audit() == []
    with pytest.raises(RecordNotFound):
        await at.administration.find("ann")
    await at.administration.invite(ROOT, "ann", groups=["stuff"], make_groups=True)
    assert (await at.administration.find("ann")).groups == ("stuff",)


async def test_without_an_origin_there_is_no_link(at: Office) -> None:
    administration = Administration(at.records, at.sessions, Access(), at.clock)
    with pytest.raises(AccessError, match=r"access\.origin"):
        await administration.invite(ROOT, "ann")


async def test_people_are_found_by_name_and_id(at: Office) -> None:
    person = (await at.administration.invite(ROOT, "ann")).person
    assert await at.administration.find("Ann ") == await at.administration.find(person.id) == person
    with pytest.raises(RecordNotFound, match="nobody called 'bob'"):
        await at.administration.find("bob")


async def test_a_disabled_person_is_out_at_once_and_may_come_back(at: Office) -> None:
    person, _, token = await at.enrolled("ann")
    invitations = (await at.administration.overview(person.id)).invitations
    assert await at.administration.disable(ALICE, person.id) == 1
    assert not await at.stands(token)
    overview = await at.administration.overview(person.id)
    assert not overview.person.active
    assert len(invitations) == 1
    assert overview.invitations == []
    assert [(session.ended, session.end_reason) for session in overview.sessions] == [(NOW, "disabled")]
    with pytest.raises(RecordConflict, match="enable them first"):
        await at.administration.invite(ROOT, "ann")
    assert (await at.administration.enable(ALICE, person.id)).active
    assert await at.administration.disable(ALICE, person.id) == 0
    (event,) = at.audit("session.ended")
    assert (event.actor, event.address, event.details["reason"]) == ("p-alice", "192.0.2.9", "disabled")
    assert len(at.audit("principal.disabled")) == 2


async def test_a_change_of_groups_ends_sessions_that_know_the_old_ones(at: Office) -> None:
    person, _, token = await at.enrolled("ann", "staff")
    unchanged = await at.administration.change_groups(ROOT, person.id, add=["staff"], remove=["finance"])
    assert unchanged.groups == ("staff",)
    assert await at.stands(token)
    changed = await at.administration.change_groups(ROOT, person.id, add=["finance"], remove=["staff"])
    assert changed.groups == ("finance",)
    assert not await at.stands(token)
    event = at.audit("principal.groups")[-1]
    assert event.details == {"name": "ann", "added": "finance", "removed": "staff"}


async def test_sessions_are_revoked_one_or_all(at: Office) -> None:
    person, _, token = await at.enrolled("ann")
    _, _, other = await at.enrolled("bob")
    (session,) = (await at.administration.overview(person.id)).sessions
    await at.administration.revoke_session(ROOT, session.id)
    assert not await at.stands(token)
    assert await at.administration.revoke_sessions(ROOT, person.id) == 0
    assert await at.stands(other)
    for call in (at.administration.revoke_session, at.administration.revoke_sessions):
        with pytest.raises(RecordNotFound):
            await call(ROOT, "nothing")


async def test_a_quarantined_device_is_out_until_it_is_trusted_again(at: Office) -> None:
    _, device, token = await at.enrolled("ann")
    assert (await at.administration.set_device(ROOT, device.id, "quarantined")).status == "quarantined"
    assert not await at.stands(token)
    assert (await at.administration.set_device(ROOT, device.id, "trusted")).status == "trusted"
    with pytest.raises(RecordNotFound):
        await at.administration.set_device(ROOT, "nothing", "quarantined")
    assert [event.action for event in at.audit("device.quarantined", "device.trusted")] == [
        "device.quarantined",
        "device.trusted",
    ]


async def test_a_revoked_device_stays_revoked(at: Office) -> None:
    person, device, token = await at.enrolled("ann")
    assert await at.administration.revoke_devices(ROOT, person.id) == 1
    assert not await at.stands(token)
    assert await at.administration.revoke_devices(ROOT, person.id) == 0
    for status in ("trusted", "quarantined"):
        with pytest.raises(RecordConflict, match="for good"):
            await at.administration.set_device(ROOT, device.id, status)


async def test_a_revoked_credential_ends_every_session(at: Office) -> None:
    person, _, token = await at.enrolled("ann")
    (credential,) = (await at.administration.overview(person.id)).credentials
    assert await at.administration.revoke_credential(ROOT, credential.id) == credential
    assert not await at.stands(token)
    assert (await at.administration.overview(person.id)).credentials == []
    with pytest.raises(RecordNotFound):
        await at.administration.revoke_credential(ROOT, "nothing")


async def test_a_reset_takes_a_second_administrator_and_gives_one_link(at: Office) -> None:
    person, _, _ = await at.enrolled("ann")
    asked = await at.administration.ask_reset(ROOT, person.id, "lost both phones")
    (approval,) = (await at.administration.overview(person.id)).approvals
    assert (approval.id, approval.kind, approval.context["because"]) == (asked.id, "reset", "lost both phones")
    with pytest.raises(AccessError, match="not approved"):
        await at.administration.finish_reset(ROOT, asked.id)
    with at.records.transaction() as tx:
        assert tx.approvals.decide(asked.id, "approved", "p-alice", at.clock())
    with pytest.raises(AccessError):
        await at.administration.finish_reset(ALICE, asked.id)
    invited = await at.administration.finish_reset(ROOT, asked.id)
    (invitation,) = (await at.administration.overview(person.id)).invitations
    assert invitation.purpose == "reset"
    assert invitation.digest == hashlib.sha256(invited.link.removeprefix(LINK).encode()).digest()
    with pytest.raises(AccessError):
        await at.administration.finish_reset(ROOT, asked.id)


@pytest.mark.parametrize("because", ["", "  ", "a\nb", "x" * 257])
async def test_a_reset_has_a_reason_that_can_be_read(at: Office, because: str) -> None:
    person, _, _ = await at.enrolled("ann")
    with pytest.raises(AccessError):
        await at.administration.ask_reset(ROOT, person.id, because)
    with pytest.raises(AccessError, match="own account"):
        await at.administration.ask_reset(Actor(person.id), person.id, "because")


async def test_who_is_removed_leaves_the_audit_trail(at: Office) -> None:
    person, _, token = await at.enrolled("ann")
    await at.administration.remove(ROOT, person.id)
    assert not await at.stands(token)
    with pytest.raises(RecordNotFound):
        await at.administration.overview(person.id)
    (event,) = at.audit("principal.removed")
    assert event.details == {"name": "ann"}

"""People and groups as SCIM changes them: what follows for sessions, and imports as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.administration import ROOT, Office, office

from bartizan.access.changes import Actor
from bartizan.access.scim.directory import Directory
from bartizan.access.scim.names import GROUP, LIST, USER
from bartizan.access.scim.reading import GroupInput, UserInput
from bartizan.errors import RecordConflict, RecordNotFound, ScimError
from bartizan.storage.records.people import PeopleFilter

BASE = "https://api.example.org/.bartizan/scim/v2"
CLIENT = Actor("p-client", "192.0.2.9")


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield opened


@pytest.fixture
def directory(at: Office) -> Directory:
    return Directory(at.changes, at.clock, BASE)


def user(name: str, **fields: Any) -> dict[str, Any]:
    return {"schemas": [USER], "userName": name, "id": f"id-{name}"} | fields


def group(name: str, *members: str) -> dict[str, Any]:
    return {"schemas": [GROUP], "displayName": name, "members": [{"value": member} for member in members]}


def document(*resources: Any) -> dict[str, Any]:
    return {"schemas": [LIST], "Resources": list(resources)}


async def test_a_user_is_made_found_and_changed(at: Office, directory: Directory) -> None:
    made = await directory.create_user(CLIENT, UserInput(name="ann", display_name="Ann", external_id="7"))
    resource = await directory.user(made)
    assert (resource["userName"], resource["meta"]["location"]) == ("ann", f"{BASE}/Users/{made}")
    assert await directory.users(PeopleFilter(external_id="7"), 0, 10) == ([resource], 1)
    assert await directory.users(PeopleFilter(), 1, 10) == ([], 1)
    with pytest.raises(RecordConflict):
        await directory.create_user(CLIENT, UserInput(name="ann", display_name="Another"))
    await directory.change_user(CLIENT, made, lambda _: UserInput(name="ann", display_name="Ann Smith"))
    changed = await directory.user(made)
    assert (changed["displayName"], changed["externalId"]) == ("Ann Smith", "7")
    (event,) = at.audit("principal.created")
    assert (event.actor, event.address) == ("p-client", "192.0.2.9")
    for call in (
        directory.user("x"),
        directory.change_user(CLIENT, "x", lambda _: UserInput(name="x", display_name="")),
    ):
        with pytest.raises(RecordNotFound):
            await call


async def test_whoever_is_not_active_any_more_or_has_another_name_is_logged_out(
    at: Office, directory: Directory
) -> None:
    for changed in (UserInput(name="x", display_name="X", active=False), UserInput(name="y", display_name="X")):
        person, _, token = await at.enrolled("x")
        await directory.change_user(CLIENT, person.id, lambda _: UserInput(name="x", display_name="X"))
        assert await at.stands(token)
        await directory.change_user(CLIENT, person.id, lambda _, user=changed: user)
        assert not await at.stands(token)
        await at.administration.remove(ROOT, person.id)


async def test_a_group_is_made_changed_and_removed_with_its_members(at: Office, directory: Directory) -> None:
    ann, _, anns = await at.enrolled("ann")
    bob, _, bobs = await at.enrolled("bob")
    made = await directory.create_group(CLIENT, GroupInput(name="audit", members=(ann.id,)))
    assert not await at.stands(anns)
    resource = await directory.group(made)
    assert [member["display"] for member in resource["members"]] == ["ann"]
    assert await directory.groups(0, 10, "audit") == ([resource], 1)
    assert (await directory.groups(0, 0)).total == 1
    assert await at.stands(bobs)
    await directory.change_group(CLIENT, made, lambda _: GroupInput(name="auditors", members=(bob.id,)))
    assert not await at.stands(bobs)
    assert (await at.administration.find("ann")).groups == ()
    assert (await at.administration.find("bob")).groups == ("auditors",)
    await directory.change_group(CLIENT, made, lambda _: GroupInput(name="auditors"))
    assert len((await directory.group(made))["members"]) == 1
    await directory.remove_group(CLIENT, made)
    assert (await at.administration.find("bob")).groups == ()
    for call in (directory.group(made), directory.remove_group(CLIENT, made)):
        with pytest.raises(RecordNotFound, match="no Group"):
            await call


async def test_whoever_is_in_a_group_is_logged_out_when_it_is_called_otherwise(
    at: Office, directory: Directory
) -> None:
    _, _, token = await at.enrolled("ann", "audit")
    (found,) = (await directory.groups(0, 10, "audit")).resources
    await directory.change_group(CLIENT, found["id"], lambda _: GroupInput(name="auditors"))
    assert not await at.stands(token)
    assert (await at.administration.find("ann")).groups == ("auditors",)


async def test_a_group_with_an_unknown_member_is_not_made(at: Office, directory: Directory) -> None:
    with pytest.raises(RecordNotFound, match="no User 'nobody'"):
        await directory.create_group(CLIENT, GroupInput(name="audit", members=("nobody",)))
    assert await directory.groups(0, 10) == ([], 0)
    assert at.audit() == []


async def test_an_import_is_planned_and_then_carried_out(at: Office, directory: Directory) -> None:
    _, _, token = await at.enrolled("bob", "staff")
    plan = await directory.plan_import(
        document(
            user("ann", displayName="Ann"), user("bob", active=False), user("x", active=7), group("audit", "id-ann")
        )
    )
    assert (plan.added, len(plan.changes), plan.groups) == (1, 2, ("audit",))
    assert await at.stands(token)
    assert (await directory.users(PeopleFilter(), 0, 10)).total == 1
    done = await directory.carry_out(ROOT, plan)
    assert (done.added, done.changed, done.sessions, len(done.set_aside)) == (1, 1, 1, 1)
    assert not await at.stands(token)
    assert (await at.administration.find("ann")).groups == ("audit",)
    (event,) = at.audit("people.imported")
    assert event.details == {"added": "1", "changed": "1", "set_aside": "1"}


async def test_what_others_did_meanwhile_is_set_aside(at: Office, directory: Directory) -> None:
    await at.enrolled("bob")
    plan = await directory.plan_import(document(user("ann"), user("bob", displayName="Bobby"), user("eve")))
    await at.administration.invite(ROOT, "ann")
    await at.administration.disable(ROOT, (await at.administration.find("bob")).id)
    done = await directory.carry_out(ROOT, plan)
    assert (done.added, done.changed) == (1, 0)
    assert [(one.place, one.which) for one in done.set_aside] == [("Resources[0]", "ann"), ("Resources[1]", "bob")]
    assert not (await at.administration.find("bob")).active
    assert (await at.administration.find("eve")).active


async def test_an_export_is_imported_elsewhere_as_it_was(
    at: Office, directory: Directory, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for number in range(450):
        await at.administration.invite(ROOT, f"person{number}", groups=["finance"] if number % 3 else [])
    exported = await directory.export()
    assert exported["totalResults"] == 451
    assert "user_handle" not in str(exported)
    async with office(tmp_path_factory.mktemp("other")) as other:
        copy = Directory(other.changes, other.clock)
        done = await copy.carry_out(ROOT, await copy.plan_import(exported))
        assert (done.added, done.set_aside) == (450, ())
        again = await copy.plan_import(exported)
        assert (again.changes, again.unchanged) == ((), 450)
        ours, theirs = await directory.export(), await copy.export()
        assert _without_ids(ours) == _without_ids(theirs)


async def test_what_is_no_document_is_refused(directory: Directory) -> None:
    with pytest.raises(ScimError):
        await directory.plan_import({"schemas": [USER]})


def _without_ids(exported: dict[str, Any]) -> list[Any]:
    kept = []
    for resource in exported["Resources"]:
        groups = sorted(each["display"] for each in (*resource.get("groups", ()), *resource.get("members", ())))
        kept.append((resource.get("userName"), resource["displayName"], resource.get("active"), groups))
    return sorted(kept, key=msgspec.json.encode)

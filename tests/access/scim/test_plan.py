"""What an import would change."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.records import NOW, make_group, make_person

from bartizan.access.scim.names import GROUP, LIST, USER
from bartizan.access.scim.plan import Plan, SetAside, make_plan
from bartizan.access.scim.resources import group_resource, list_response, user_resource
from bartizan.errors import ScimError
from bartizan.storage.records.entities import Principal

ANN = make_person("ann", external_id="7", email="ann@example.org", groups=("staff",))
BOB = make_person("bob", groups=("finance", "staff"))


def user(name: str, **fields: Any) -> dict[str, Any]:
    return {"schemas": [USER], "userName": name, "id": f"id-{name}"} | fields


def group(name: str, *members: str) -> dict[str, Any]:
    return {"schemas": [GROUP], "displayName": name, "members": [{"value": member} for member in members]}


def plan(*resources: Any, people: tuple[Principal, ...] = (ANN, BOB)) -> Plan:
    return make_plan(list_response(list(resources), len(resources)), people, ["staff", "finance"], NOW)


def groups_of(made: Plan) -> dict[str, tuple[str, ...]]:
    return {change.after.name: change.after.groups for change in made.changes}


def test_somebody_new_is_made_with_their_groups() -> None:
    made = plan(user("eve", displayName="Eve"), group("audit", "id-eve"), group("empty"))
    (change,) = made.changes
    assert (change.before, change.place, made.added) == (None, "Resources[0]", 1)
    assert (change.after.name, change.after.display_name, change.after.groups) == ("eve", "Eve", ("audit",))
    assert change.after.created == NOW
    assert len(change.after.user_handle) == 32
    assert made.groups == ("audit", "empty")


def test_people_are_known_by_their_external_id_and_then_by_name() -> None:
    made = plan(user("anna", externalId="7"), user("Bob", displayName="Bobby"))
    renamed, changed = made.changes
    assert renamed.before == ANN
    assert renamed.after == msgspec.structs.replace(ANN, name="anna", display_name="anna", email=None)
    assert changed.after == msgspec.structs.replace(BOB, display_name="Bobby")


def test_what_is_as_it_should_be_is_not_touched() -> None:
    made = plan(user("bob", displayName="Bob"))
    assert (made.changes, made.unchanged, made.set_aside) == ((), 1, ())


def test_a_group_has_exactly_the_members_of_the_file() -> None:
    assert groups_of(plan(group("staff", ANN.id))) == {"bob": ("finance",)}
    assert groups_of(plan(group("staff", BOB.id))) == {"ann": ()}
    assert groups_of(plan(group("finance", ANN.id, BOB.id))) == {"ann": ("finance", "staff")}
    assert groups_of(plan(group("staff"))) == {"ann": (), "bob": ("finance",)}
    silent = {"schemas": [GROUP], "displayName": "staff"}
    assert plan(silent).changes == ()


def test_bad_resources_are_set_aside_and_the_rest_goes_on() -> None:
    made = plan(
        user("eve"),
        user("bad", active="yes"),
        7,
        user("EVE"),
        user("ann", externalId="8"),
        group("audit", "id-eve", "id-bad", "id-nobody"),
        group("audit"),
    )
    assert made.set_aside == (
        SetAside("Resources[1].active", "bad", "has to be true or false"),
        SetAside("Resources[2]", "", "has to be an object"),
        SetAside("Resources[3]", "EVE", "is the same person as Resources[0]"),
        SetAside(
            "Resources[5].members[1]", "audit", "the member id-bad is neither in the file nor known, or was set aside"
        ),
        SetAside(
            "Resources[5].members[2]",
            "audit",
            "the member id-nobody is neither in the file nor known, or was set aside",
        ),
        SetAside("Resources[6]", "audit", "stands in the file twice"),
    )
    assert groups_of(made) == {"eve": ("audit",), "ann": ("staff",)}


def test_a_name_that_somebody_else_has_is_set_aside() -> None:
    (one,) = plan(user("bob", externalId="7")).set_aside
    assert one == SetAside("Resources[0].userName", "bob", "is the name of somebody else")


@pytest.mark.parametrize("document", [7, {}, {"Resources": []}, {"schemas": [LIST]}, "x", None])
def test_what_is_no_list_of_resources_is_refused(document: object) -> None:
    with pytest.raises(ScimError, match="has to be a ListResponse"):
        make_plan(document, [], [], NOW)


def test_more_than_can_be_looked_at_is_refused() -> None:
    with pytest.raises(ScimError, match="split the file"):
        make_plan([7] * 200_001, [], [], NOW)


NAMES = st.sampled_from(["ann", "bob", "eve", "mia"])
PEOPLE = st.dictionaries(NAMES, st.tuples(st.booleans(), st.sets(st.sampled_from(["a", "b"])))).map(
    lambda made: [
        make_person(name, id=f"p-{name}", active=active, groups=tuple(sorted(groups)), user_handle=b"x" * 32)
        for name, (active, groups) in made.items()
    ]
)


@given(PEOPLE, PEOPLE)
def test_what_one_exports_another_has_after_importing_it(ours: list[Principal], theirs: list[Principal]) -> None:
    groups = [make_group("a"), make_group("b")]
    ids = {each.name: each.id for each in groups}
    resources = [user_resource(person, ids) for person in theirs]
    resources += [group_resource(each, [person for person in theirs if each.name in person.groups]) for each in groups]
    made = make_plan(resources, ours, [], NOW)
    assert made.set_aside == ()
    after = {person.name: person for person in ours} | {change.after.name: change.after for change in made.changes}
    for person in theirs:
        assert (after[person.name].active, after[person.name].groups) == (person.active, person.groups)
    again = make_plan(resources, after.values(), made.groups, NOW)
    assert again.changes == ()

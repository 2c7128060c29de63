"""People and groups as resources."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.support.records import make_group, make_person

from bartizan.access.scim.names import GROUP, LIST, USER
from bartizan.access.scim.reading import UserInput, read_user
from bartizan.access.scim.resources import group_resource, list_response, user_resource

BASE = "https://api.example.org/.bartizan/scim/v2"


def test_a_user_has_what_the_standard_names() -> None:
    person = make_person(
        "ann", id="p1", display_name="Ann", email="ann@example.org", external_id="7", groups=("staff",), created=0.5
    )
    assert user_resource(person, {"staff": "g1"}, BASE) == {
        "schemas": [USER],
        "id": "p1",
        "externalId": "7",
        "userName": "ann",
        "displayName": "Ann",
        "active": True,
        "emails": [{"value": "ann@example.org", "primary": True}],
        "groups": [{"value": "g1", "display": "staff", "$ref": f"{BASE}/Groups/g1"}],
        "meta": {"resourceType": "User", "created": "1970-01-01T00:00:00Z", "location": f"{BASE}/Users/p1"},
    }


def test_a_group_has_its_members() -> None:
    group, person = make_group("staff", id="g1", created=86400.0), make_person("ann", id="p1")
    assert group_resource(group, [person], BASE) == {
        "schemas": [GROUP],
        "id": "g1",
        "displayName": "staff",
        "members": [{"value": "p1", "display": "ann", "type": "User", "$ref": f"{BASE}/Users/p1"}],
        "meta": {"resourceType": "Group", "created": "1970-01-02T00:00:00Z", "location": f"{BASE}/Groups/g1"},
    }
    assert "$ref" not in str(group_resource(group, [person]))


def test_a_list_says_how_many_there_are() -> None:
    assert list_response([{"id": "1"}], 7, 3) == {
        "schemas": [LIST],
        "totalResults": 7,
        "startIndex": 3,
        "itemsPerPage": 1,
        "Resources": [{"id": "1"}],
    }


def _secret_free(value: Any) -> bool:
    return "user_handle" not in str(value) and "password" not in str(value)


@given(st.booleans(), st.none() | st.just("ann@example.org"), st.none() | st.just("7"))
def test_what_is_written_is_read_back(active: bool, email: str | None, external_id: str | None) -> None:
    person = make_person(active=active, email=email, external_id=external_id, user_handle=b"x" * 32)
    resource = user_resource(person, {})
    assert _secret_free(resource)
    assert read_user(resource) == UserInput(
        id=person.id, name="ann", display_name="Ann", active=active, email=email, external_id=external_id
    )
    assert msgspec.json.encode(resource)

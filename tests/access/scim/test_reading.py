"""Resources that others send: what is kept, what is left out, what is refused and where it stands."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.scim.names import GROUP, USER
from bartizan.access.scim.reading import GroupInput, UserInput, decode, read_group, read_resource, read_user
from bartizan.errors import ScimError

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
)
NAMES = st.sampled_from(
    ["schemas", "userName", "USERNAME", "displayName", "emails", "active", "members", "name", "externalId", "title"]
)


def user(**fields: Any) -> dict[str, Any]:
    return {"schemas": [USER], "userName": "ann"} | fields


def group(**fields: Any) -> dict[str, Any]:
    return {"schemas": [GROUP], "displayName": "finance"} | fields


def test_the_example_of_the_standard_is_read() -> None:
    """RFC 7643 section 8.3, shortened."""
    resource = {
        "schemas": [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "id": "2819c223-7f76-453a-919d-413861904646",
        "externalId": "701984",
        "userName": "bjensen@example.com",
        "name": {"formatted": "Ms. Barbara J Jensen, III", "familyName": "Jensen", "givenName": "Barbara"},
        "displayName": "Babs Jensen",
        "nickName": "Babs",
        "emails": [
            {"value": "babs@jensen.org", "type": "home"},
            {"value": "bjensen@example.com", "type": "work", "primary": True},
        ],
        "active": True,
        "groups": [{"value": "e9e30dba-f08f-4109-8486-d5c6a331660a", "display": "Tour Guides"}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "701984"},
        "meta": {"resourceType": "User"},
    }
    assert read_resource(resource) == UserInput(
        name="bjensen@example.com",
        display_name="Babs Jensen",
        email="bjensen@example.com",
        external_id="701984",
        id="2819c223-7f76-453a-919d-413861904646",
    )


def test_names_of_attributes_have_no_case_and_null_is_nothing() -> None:
    assert read_user({"SCHEMAS": [USER], "UserName": " Ann ", "EMAILS": None, "Active": False}) == UserInput(
        name="ann", display_name="Ann", active=False
    )


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"displayName": "A"}, "A"),
        ({"name": {"formatted": "B"}}, "B"),
        ({"name": {"givenName": "C", "familyName": "D"}}, "C D"),
        ({"name": {"familyName": "D"}}, "D"),
        ({"displayName": "", "name": {}}, "ann"),
    ],
)
def test_somebody_is_called_what_is_there(fields: dict[str, Any], shown: str) -> None:
    assert read_user(user(**fields)).display_name == shown


@pytest.mark.parametrize(
    ("resource", "kind", "path"),
    [
        (7, "invalidSyntax", ""),
        ({}, "invalidValue", "schemas"),
        ({"schemas": [USER]}, "invalidValue", "userName"),
        (user(userName=7), "invalidValue", "userName"),
        (user(userName="a\nb"), "invalidValue", "userName"),
        (user(USERNAME="bob"), "invalidSyntax", "USERNAME"),
        (user(userNames="bob"), "invalidSyntax", "userNames"),
        (user(password="s3cret"), "mutability", "password"),
        (user(active="True"), "invalidValue", "active"),
        (user(displayName="x" * 257), "invalidValue", "displayName"),
        (user(externalId=["7"]), "invalidValue", "externalId"),
        (user(name={"formatted": 7}), "invalidValue", "name.formatted"),
        (user(name="Ann"), "invalidSyntax", "name"),
        (user(emails={}), "invalidValue", "emails"),
        (user(emails=["a@example.org"]), "invalidSyntax", "emails[0]"),
        (user(emails=[{"value": "a@example.org"}, {"value": "a"}]), "invalidValue", "emails[1].value"),
        (user(emails=[{"value": "a@b", "primary": True}] * 2), "invalidValue", "emails"),
        (user(emails=[{"value": "a@b"}] * 21), "tooMany", "emails"),
        (group(displayName=""), "invalidValue", "displayName"),
        (group(userName="ann"), "invalidSyntax", "userName"),
        (group(members={}), "invalidValue", "members"),
        (group(members=[{"value": "7"}, {"display": "ann"}]), "invalidValue", "members[1].value"),
        (group(members=[{"value": "7", "type": "Group"}]), "invalidValue", "members[0].type"),
        (group(members=[{"value": "7"}] * 100_001), "tooMany", "members"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_place(resource: object, kind: str, path: str) -> None:
    with pytest.raises(ScimError) as caught:
        read_resource(resource)
    assert (caught.value.kind, caught.value.path) == (kind, path)
    assert "s3cret" not in str(caught.value)


def test_a_group_says_who_is_in_it_or_says_nothing() -> None:
    members = [{"value": "1", "display": "ann"}, {"value": "2", "type": "User"}, {"value": "1"}]
    assert read_group(group(members=members, id="g")) == GroupInput(name="finance", members=("1", "2"), id="g")
    assert read_group(group(members=[])).members == ()
    assert read_group(group()).members is None


@given(ANYTHING | st.dictionaries(NAMES, ANYTHING).map(lambda fields: user() | fields))
def test_whatever_comes_is_read_or_refused(resource: object) -> None:
    with contextlib.suppress(ScimError):
        assert read_resource(resource).name


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{",
        b"\xff",
        b'{"active": false, "active": true}',
        b"[NaN]",
        b"[Infinity]",
        b"[" * 100_000,
        b"[" + b"1" * 10_000 + b"]",
        b'{"a": 1} x',
    ],
)
def test_what_is_no_clear_json_is_refused(document: bytes) -> None:
    with pytest.raises(ScimError) as caught:
        decode(document)
    assert caught.value.kind == "invalidSyntax"


@given(ANYTHING)
def test_json_is_read_as_it_is_meant(value: object) -> None:
    assert decode(json.dumps(value).encode()) == value


def test_a_document_that_is_too_large_is_refused() -> None:
    with pytest.raises(ScimError, match="split it"):
        decode(b" " * (64 * 2**20 + 1))

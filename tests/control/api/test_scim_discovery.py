"""What SCIM says of itself is what RFC 7643 asks for, and what it does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bartizan.access.scim.names import GROUP, GROUP_ATTRIBUTES, USER, USER_ATTRIBUTES
from bartizan.access.scim.resources import group_resource, user_resource
from bartizan.control.api.scim_answers import MAX_PAGE
from bartizan.control.api.scim_discovery import resource_types, schemas, service_provider
from bartizan.storage.records.entities import Group, Principal

BASE = "https://gateway.test/.bartizan/scim/v2"
CHARACTERISTICS = {"name", "type", "multiValued", "description", "required", "mutability", "returned", "uniqueness"}
ANN = Principal(id="p", name="ann", display_name="Ann", created=0.0, email="a@b.c", groups=("staff",))
STAFF = Group(id="g", name="staff", created=0.0)


def attributes(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for attribute in schema["attributes"]:
        yield attribute
        yield from attribute.get("subAttributes", ())


def test_every_attribute_has_every_characteristic() -> None:
    for schema in schemas(BASE):
        for attribute in attributes(schema):
            assert attribute.keys() >= CHARACTERISTICS, attribute["name"]
            assert ("caseExact" in attribute) == (attribute["type"] not in ("boolean", "complex")), attribute["name"]
            assert ("subAttributes" in attribute) == (attribute["type"] == "complex"), attribute["name"]
            assert ("referenceTypes" in attribute) == (attribute["type"] == "reference"), attribute["name"]


def test_schemas_have_what_resources_have() -> None:
    common = {"schemas", "id", "externalId", "meta"}
    user, group = schemas(BASE)
    shown = set(user_resource(ANN, {"staff": "g"}, BASE)) - common
    assert {each["name"] for each in user["attributes"]} == shown
    assert {each["name"].lower() for each in user["attributes"]} <= USER_ATTRIBUTES
    members = group_resource(STAFF, [ANN], BASE)
    assert {each["name"] for each in group["attributes"]} == set(members) - common
    assert {each["name"].lower() for each in group["attributes"]} <= GROUP_ATTRIBUTES
    (described,) = (each for each in group["attributes"] if each["name"] == "members")
    assert {each["name"] for each in described["subAttributes"]} == set(members["members"][0])


def test_types_name_their_schemas_and_places() -> None:
    user, group = resource_types(BASE)
    assert (user["schema"], user["endpoint"], user["meta"]["location"]) == (
        USER,
        "/Users",
        f"{BASE}/ResourceTypes/User",
    )
    assert (group["schema"], group["endpoint"]) == (GROUP, "/Groups")


def test_what_is_not_supported_is_said() -> None:
    config = service_provider(BASE)
    supported = {name for name, value in config.items() if isinstance(value, dict) and value.get("supported")}
    assert supported == {"patch", "filter", "etag"}
    assert config["filter"]["maxResults"] == MAX_PAGE

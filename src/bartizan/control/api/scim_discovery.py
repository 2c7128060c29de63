"""What this SCIM service can do, and what its resources have: RFC 7643 sections 5 to 7, RFC 7644 section 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bartizan.access.scim.names import GROUP, USER
from bartizan.control.api.scim_answers import MAX_PAGE

__all__ = ["resource_types", "schemas", "service_provider"]

_SERVICE = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"


def service_provider(base: str) -> dict[str, Any]:
    """Return what is supported; ``base`` is what every URL begins with."""
    return {
        "schemas": [_SERVICE],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MAX_PAGE},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauth2",
                "name": "DPoP",
                "description": "The access token of an administrator's login by an API client, bound to its key.",
                "specUri": "https://www.rfc-editor.org/info/rfc9449",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }


def resource_types(base: str) -> list[dict[str, Any]]:
    """Return the types of resources."""
    return [
        {
            "schemas": [_TYPE],
            "id": name,
            "name": name,
            "endpoint": f"/{name}s",
            "description": description,
            "schema": schema,
            "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{name}"},
        }
        for name, schema, description in (("User", USER, "People."), ("Group", GROUP, "Groups of people."))
    ]


def schemas(base: str) -> list[dict[str, Any]]:
    """Return the schemas: the attributes that are kept. Others of RFC 7643 are taken from clients and left out."""
    return [
        {
            "schemas": [_SCHEMA],
            "id": schema,
            "name": name,
            "description": description,
            "attributes": attributes,
            "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{schema}"},
        }
        for schema, name, description, attributes in (
            (USER, "User", "A person.", _user_attributes()),
            (GROUP, "Group", "A group of people.", _group_attributes()),
        )
    ]


def _user_attributes() -> list[dict[str, Any]]:
    return [
        _attribute(
            "userName", "What the person logs in with. It is kept case-folded.", required=True, uniqueness="server"
        ),
        _attribute("displayName", "What others see."),
        _attribute("active", "Whether the person may log in.", type="boolean"),
        _attribute(
            "emails",
            "One address is kept: the primary one.",
            type="complex",
            multiValued=True,
            subAttributes=[
                _attribute("value", "The address."),
                _attribute("primary", "Whether it is the one to keep.", type="boolean"),
            ],
        ),
        _attribute(
            "groups",
            "Who is in a group stands in the Group.",
            type="complex",
            multiValued=True,
            mutability="readOnly",
            subAttributes=_references("group", "Group", "readOnly"),
        ),
    ]


def _group_attributes() -> list[dict[str, Any]]:
    return [
        _attribute("displayName", "The name that policies know.", required=True, caseExact=True, uniqueness="server"),
        _attribute(
            "members",
            "The people in the group.",
            type="complex",
            multiValued=True,
            subAttributes=[
                *_references("person", "User", "immutable"),
                _attribute("type", "User.", mutability="immutable", canonicalValues=["User"]),
            ],
        ),
    ]


def _references(what: str, kind: str, mutability: str) -> Sequence[dict[str, Any]]:
    return [
        _attribute("value", f"The id of the {what}.", caseExact=True, mutability=mutability),
        _attribute("display", f"The name of the {what}.", mutability="readOnly"),
        _attribute(
            "$ref",
            f"The URL of the {what}.",
            type="reference",
            referenceTypes=[kind],
            caseExact=True,
            mutability=mutability,
        ),
    ]


def _attribute(name: str, description: str, **changes: Any) -> dict[str, Any]:
    """Return an attribute with every characteristic that RFC 7643 section 7 asks for."""
    attribute = {
        "name": name,
        "type": "string",
        "multiValued": False,
        "description": description,
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    } | changes
    if attribute["type"] in ("boolean", "complex"):
        del attribute["caseExact"]
    return attribute

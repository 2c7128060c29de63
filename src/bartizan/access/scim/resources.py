"""From people and groups to SCIM resources (RFC 7643 section 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bartizan.access.scim.names import GROUP, LIST, USER
from bartizan.storage.records.entities import Group, Principal

__all__ = ["group_resource", "list_response", "user_resource"]


def user_resource(person: Principal, group_ids: Mapping[str, str], base: str = "") -> dict[str, Any]:
    """Return a User. ``group_ids``: from names to ids; ``base`` is what the URL of every resource begins with."""
    resource: dict[str, Any] = {"schemas": [USER], "id": person.id}
    if person.external_id is not None:
        resource["externalId"] = person.external_id
    resource |= {"userName": person.name, "displayName": person.display_name, "active": person.active}
    if person.email is not None:
        resource["emails"] = [{"value": person.email, "primary": True}]
    resource["groups"] = [
        {"value": group_ids[name], "display": name} | _reference(base, "Groups", group_ids[name])
        for name in person.groups
    ]
    return resource | {"meta": _meta("User", person.created, base, "Users", person.id)}


def group_resource(group: Group, members: Sequence[Principal], base: str = "") -> dict[str, Any]:
    """Return a Group with its members."""
    return {
        "schemas": [GROUP],
        "id": group.id,
        "displayName": group.name,
        "members": [
            {"value": person.id, "display": person.name, "type": "User"} | _reference(base, "Users", person.id)
            for person in members
        ],
        "meta": _meta("Group", group.created, base, "Groups", group.id),
    }


def list_response(resources: Sequence[Mapping[str, Any]], total: int, start: int = 1) -> dict[str, Any]:
    """Return a ListResponse (RFC 7644 section 3.4.2); ``start`` counts from 1."""
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": list(resources),
    }


def _meta(kind: str, created: float, base: str, endpoint: str, identifier: str) -> dict[str, str]:
    time = datetime.fromtimestamp(created, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    meta = {"resourceType": kind, "created": time}
    return meta | ({"location": f"{base}/{endpoint}/{identifier}"} if base else {})


def _reference(base: str, endpoint: str, identifier: str) -> dict[str, str]:
    return {"$ref": f"{base}/{endpoint}/{identifier}"} if base else {}

"""What an import would change: from a file and what is there to changes, without writing anything.

A User of the file is the person with its ``externalId``, or else with its ``userName``; who is not in the file stays as
they are. A Group of the file with ``members`` has exactly these afterwards. A resource that cannot be used is set aside
with its place and the reason, and the rest goes on.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from bartizan.access.scim.names import LIST
from bartizan.access.scim.reading import GroupInput, UserInput, read_resource
from bartizan.errors import ScimError
from bartizan.storage.records.entities import Principal, new_id

__all__ = ["Change", "Plan", "SetAside", "make_plan", "merged"]

MAX_RESOURCES = 200_000


class SetAside(msgspec.Struct, frozen=True):
    """A resource, or a member of a group, that is not imported: where it stands, which it is, and why."""

    place: str
    which: str
    reason: str


class Change(msgspec.Struct, frozen=True):
    """What becomes of a person; ``before`` is None for one who is made. ``place``: the resource that says so."""

    before: Principal | None
    after: Principal
    place: str


class Plan(msgspec.Struct, frozen=True):
    """Everything that an import would do."""

    groups: tuple[str, ...]
    """Those that are made."""
    changes: tuple[Change, ...]
    unchanged: int
    """People of the file who are as it says already."""
    set_aside: tuple[SetAside, ...]

    @property
    def added(self) -> int:
        """How many people are made."""
        return sum(change.before is None for change in self.changes)


def make_plan(document: object, people: Iterable[Principal], groups: Iterable[str], now: float) -> Plan:
    """Return what to do so that a document is imported. ``now``: Unix seconds; raises ``ScimError`` for no document.

    ``document`` is a ListResponse (RFC 7644 section 3.4.2) or a list of resources, as ``reading.decode`` returns it.
    """
    planner = _Planner(people, groups, now)
    planner.read(_resources(document))
    return planner.plan()


def merged(before: Principal | None, user: UserInput, now: float) -> Principal:
    """Return a person as a User says they are; groups and all that SCIM does not know stay."""
    if before is None:
        before = Principal(id=new_id(), name="", display_name="", created=now, user_handle=secrets.token_bytes(32))
    return msgspec.structs.replace(
        before,
        name=user.name,
        display_name=user.display_name,
        email=user.email,
        external_id=user.external_id or before.external_id,
        active=user.active,
    )


class _Planner:
    def __init__(self, people: Iterable[Principal], groups: Iterable[str], now: float) -> None:
        self._before: dict[str, Principal] = {person.id: person for person in people}
        self._names = {person.name: person.id for person in self._before.values()}
        self._external = {each.external_id: each.id for each in self._before.values() if each.external_id}
        self._groups = frozenset(groups)
        self._now = now
        self._after: dict[str, Principal] = {}
        self._places: dict[str, str] = {}
        self._ids: dict[str, str] = {}  # what the file calls people
        self._members: dict[str, list[str]] = {}  # of groups: ids of people
        self._group_places: dict[str, str] = {}
        self._set_aside: list[SetAside] = []

    def read(self, resources: Sequence[object]) -> None:
        """Take note of all resources: groups after the people that they name."""
        groups: list[tuple[str, GroupInput]] = []
        for number, resource in enumerate(resources):
            place = f"Resources[{number}]"
            try:
                found = read_resource(resource)
                if isinstance(found, UserInput):
                    self._user(place, found)
                else:
                    groups.append((place, found))
            except ScimError as error:
                where = f"{place}.{error.path}" if error.path else place
                self._set_aside.append(SetAside(where, _title(resource), error.message))
        for place, group in groups:
            self._group(place, group)

    def plan(self) -> Plan:
        """Return what comes of it."""
        memberships = self._memberships()
        changes, unchanged = [], 0
        for principal in {**self._after, **memberships}:
            before = self._before.get(principal)
            after = self._after.get(principal) or self._before[principal]
            after = msgspec.structs.replace(after, groups=memberships.get(principal, after.groups))
            if before == after:
                unchanged += principal in self._after
            else:
                changes.append(Change(before, after, self._places[principal]))
        made = tuple(name for name in self._members if name not in self._groups)
        return Plan(made, tuple(changes), unchanged, tuple(self._set_aside))

    def _user(self, place: str, user: UserInput) -> None:
        principal = self._external.get(user.external_id or "") or self._names.get(user.name)
        if principal in self._places:
            raise ScimError("uniqueness", "", f"is the same person as {self._places[principal]}")
        if self._names.get(user.name, principal) != principal:
            raise ScimError("uniqueness", "userName", "is the name of somebody else")
        before = None if principal is None else self._before.get(principal)
        after = merged(before, user, self._now)
        if before is not None:
            self._names.pop(before.name, None)
        self._names[after.name] = after.id
        if after.external_id:
            self._external[after.external_id] = after.id
        self._after[after.id] = after
        self._places[after.id] = place
        if user.id:
            self._ids[user.id] = after.id

    def _group(self, place: str, group: GroupInput) -> None:
        if group.name in self._members:
            self._set_aside.append(SetAside(place, group.name, "stands in the file twice"))
            return
        self._group_places[group.name] = place
        if group.members is None:
            if group.name not in self._groups:
                self._members[group.name] = []
            return
        members = []
        for number, member in enumerate(group.members):
            principal = self._ids.get(member, member)
            if principal in self._after or principal in self._before:
                members.append(principal)
            else:
                reason = f"the member {member} is neither in the file nor known, or was set aside"
                self._set_aside.append(SetAside(f"{place}.members[{number}]", group.name, reason))
        self._members[group.name] = members

    def _memberships(self) -> Mapping[str, tuple[str, ...]]:
        """Return the groups that everybody is in afterwards for whom the file says something about groups."""
        groups: dict[str, set[str]] = {}
        for principal, person in {**self._before, **self._after}.items():
            listed = self._members.keys() & person.groups
            if listed:
                groups[principal] = set(person.groups) - listed
                self._places.setdefault(principal, self._group_places[min(listed)])
        for name, members in self._members.items():
            for principal in members:
                person = self._after.get(principal) or self._before[principal]
                groups.setdefault(principal, set(person.groups)).add(name)
                self._places.setdefault(principal, self._group_places[name])
        return {principal: tuple(sorted(names)) for principal, names in groups.items()}


def _resources(document: object) -> list[Any]:
    if isinstance(document, dict) and LIST in document.get("schemas", ()):
        document = document.get("Resources")
    if not isinstance(document, list):
        raise ScimError("invalidSyntax", "", f"has to be a ListResponse ({LIST}) or a list of resources")
    if len(document) > MAX_RESOURCES:
        raise ScimError("tooMany", "Resources", f"are more than {MAX_RESOURCES}: split the file")
    return document


def _title(resource: object) -> str:
    """Return what a resource calls itself, for people who look for it."""
    if not isinstance(resource, dict):
        return ""
    names = (resource.get(name) for name in ("userName", "displayName", "id"))
    text = next((name for name in names if isinstance(name, str)), "")
    return "".join(letter for letter in text[:64] if letter.isprintable())

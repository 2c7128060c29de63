"""People and groups as SCIM clients and files of an import change them, with everything that follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from bartizan.access.changes import Actor, Changes
from bartizan.access.scim.plan import Change, Plan, SetAside, make_plan, merged
from bartizan.access.scim.reading import GroupInput, UserInput
from bartizan.access.scim.resources import group_resource, list_response, user_resource
from bartizan.errors import RecordConflict, RecordNotFound
from bartizan.storage.records.entities import Group, Principal, new_id
from bartizan.storage.records.people import PeopleFilter
from bartizan.storage.records.store import Transaction

__all__ = ["Directory", "Imported", "Page"]

PIECE = 200  # people that are changed in one transaction: others who write wait for it
PAGE = 1000  # people that are read at once


class Page(NamedTuple):
    """Some of the resources that were asked for, and how many there are."""

    resources: list[dict[str, Any]]
    total: int


class Imported(msgspec.Struct, frozen=True):
    """What came of an import."""

    added: int
    changed: int
    sessions: int
    """How many ended because of it."""
    set_aside: tuple[SetAside, ...]


class Directory:
    """See the module; ``clock`` is Unix time in seconds, ``base`` what the URL of every resource begins with.

    Every method raises ``RecordsError``; those that change something raise ``StateError`` too.
    """

    def __init__(self, changes: Changes, clock: Callable[[], float], base: str = "") -> None:
        self._changes = changes
        self._clock = clock
        self._base = base

    async def users(self, wanted: PeopleFilter, start: int, count: int) -> Page:
        """Return Users by name; ``start`` counts from 0."""

        def read(tx: Transaction) -> Page:
            people, total = tx.people.list(wanted, start, count)
            groups = _ids(tx)
            return Page([user_resource(person, groups, self._base) for person in people], total)

        return await self._changes.read(read)

    async def user(self, principal: str) -> dict[str, Any]:
        """Return one User. Raises ``RecordNotFound``."""
        return await self._changes.read(lambda tx: user_resource(_person(tx, principal), _ids(tx), self._base))

    async def groups(self, start: int, count: int, name: str | None = None) -> Page:
        """Return Groups by name: all, or that of one name; ``start`` counts from 0."""

        def read(tx: Transaction) -> Page:
            found = [group for group in tx.people.groups() if name in (None, group.name)]
            page = found[start : start + count]
            return Page([group_resource(each, _members(tx, each), self._base) for each in page], len(found))

        return await self._changes.read(read)

    async def group(self, identifier: str) -> dict[str, Any]:
        """Return one Group. Raises ``RecordNotFound``."""

        def read(tx: Transaction) -> dict[str, Any]:
            found = _group(tx, identifier)
            return group_resource(found, _members(tx, found), self._base)

        return await self._changes.read(read)

    async def create_user(self, actor: Actor, user: UserInput) -> str:
        """Make a person, who has yet to be invited; returns their id. Raises ``RecordConflict``."""
        person = merged(None, user, self._clock())
        await self._changes.write(lambda tx: self._changes.add(tx, actor, person))
        return person.id

    async def change_user(self, actor: Actor, principal: str, change: Callable[[dict[str, Any]], UserInput]) -> None:
        """Make a person what ``change`` makes of their User: nobody else changes them in between.

        Raises what ``change`` does, ``RecordNotFound`` and ``RecordConflict``.
        """

        def write(tx: Transaction) -> Change:
            before = _person(tx, principal)
            user = change(user_resource(before, _ids(tx), self._base))
            after = self._changes.person(tx, actor, before, merged(before, user, self._clock()))
            return Change(before, after, "")

        await self._follow(actor, [await self._changes.write(write)])

    async def create_group(self, actor: Actor, group: GroupInput) -> str:
        """Make a group; returns its id. Raises ``RecordConflict``, and ``RecordNotFound`` for a member."""
        made = Group(id=new_id(), name=group.name, created=self._clock())

        def write(tx: Transaction) -> list[Change]:
            tx.people.add_group(made)
            self._changes.note(tx, actor, "group.created", made.name)
            return self._set_members(tx, actor, made, group.members or ())

        await self._follow(actor, await self._changes.write(write))
        return made.id

    async def change_group(self, actor: Actor, identifier: str, change: Callable[[dict[str, Any]], GroupInput]) -> None:
        """Make a group what ``change`` makes of its Group: no other call changes its members in between.

        Raises what ``change`` does, ``RecordNotFound`` and ``RecordConflict``.
        """

        def write(tx: Transaction) -> list[Change]:
            before = _group(tx, identifier)
            tx.people.update_group(before)  # others who change this group wait from here on
            members = _members(tx, before)
            group = change(group_resource(before, members, self._base))
            after = msgspec.structs.replace(before, name=group.name)
            renamed = []
            if after != before:
                tx.people.update_group(after)
                self._changes.note(tx, actor, "group.changed", after.name, was=before.name)
                renamed = [Change(person, _person(tx, person.id), "") for person in members]
            wanted = [person.id for person in members] if group.members is None else group.members
            return renamed + self._set_members(tx, actor, after, wanted)

        await self._follow(actor, await self._changes.write(write))

    async def remove_group(self, actor: Actor, identifier: str) -> None:
        """Remove a group; whoever was in it is logged out. Raises ``RecordNotFound``."""

        def write(tx: Transaction) -> list[Change]:
            group = _group(tx, identifier)
            changes = self._set_members(tx, actor, group, ())
            tx.people.remove_group(identifier)
            self._changes.note(tx, actor, "group.removed", group.name)
            return changes

        await self._follow(actor, await self._changes.write(write))

    async def export(self) -> dict[str, Any]:
        """Return all people and groups as one ListResponse: what ``make_plan`` reads."""

        def read(tx: Transaction) -> dict[str, Any]:
            people, ids = _everybody(tx), _ids(tx)
            resources = [user_resource(person, ids, self._base) for person in people]
            members: dict[str, list[Principal]] = {name: [] for name in ids}
            for person in people:
                for name in person.groups:
                    members[name].append(person)
            resources += [group_resource(group, members[group.name], self._base) for group in tx.people.groups()]
            return list_response(resources, len(resources))

        return await self._changes.read(read)

    async def plan_import(self, document: object) -> Plan:
        """Return what an import of a document would change. Raises ``ScimError`` for what is none."""
        people, groups = await self._changes.read(
            lambda tx: (_everybody(tx), [each.name for each in tx.people.groups()])
        )
        return make_plan(document, people, groups, self._clock())

    async def carry_out(self, actor: Actor, plan: Plan) -> Imported:
        """Import. What others changed since the plan was made is set aside, and so is what they stand in the way of."""
        set_aside = list(plan.set_aside)
        await self._changes.write(lambda tx: self._changes.groups(tx, actor, plan.groups, make=True))
        added = changed = sessions = 0
        for start in range(0, len(plan.changes), PIECE):
            piece = plan.changes[start : start + PIECE]
            done, refused = await self._changes.write(lambda tx, piece=piece: self._carry_out(tx, actor, piece))  # type: ignore[misc]
            sessions += await self._follow(actor, done)
            set_aside += refused
            added += sum(change.before is None for change in done)
            changed += sum(change.before is not None for change in done)
        counts = {"added": str(added), "changed": str(changed), "set_aside": str(len(set_aside))}
        await self._changes.write(lambda tx: self._changes.note(tx, actor, "people.imported", "", **counts))
        return Imported(added, changed, sessions, tuple(set_aside))

    def _carry_out(
        self, tx: Transaction, actor: Actor, changes: Sequence[Change]
    ) -> tuple[list[Change], list[SetAside]]:
        done, refused = [], []
        for change in changes:
            try:
                with tx.step():
                    self._carry_out_one(tx, actor, change)
            except (RecordConflict, RecordNotFound) as error:
                refused.append(SetAside(change.place, change.after.name, str(error)))
            else:
                done.append(change)
        return done, refused

    def _carry_out_one(self, tx: Transaction, actor: Actor, change: Change) -> None:
        if change.before is None:
            self._changes.add(tx, actor, change.after)
        elif tx.people.get(change.after.id) != change.before:
            raise RecordConflict("others have changed this person meanwhile: import again")
        else:
            self._changes.person(tx, actor, change.before, change.after)

    def _set_members(self, tx: Transaction, actor: Actor, group: Group, wanted: Sequence[str]) -> list[Change]:
        """Make exactly these people the members of a group; returns what changed of whom."""
        members = {person.id: person for person in _members(tx, group)}
        changes = []
        for principal in sorted(members.keys() ^ set(wanted)):
            before = _person(tx, principal)
            after = set(before.groups) ^ {group.name}
            change = Change(before, msgspec.structs.replace(before, groups=tuple(sorted(after))), "")
            self._changes.person(tx, actor, before, change.after)
            changes.append(change)
        return changes

    async def _follow(self, actor: Actor, changes: Sequence[Change]) -> int:
        """End the sessions of those who are not who they were when these began; returns how many."""
        ended = 0
        for change in changes:
            before, after = change.before, change.after
            if before is None:
                continue
            if not after.active:
                ended += await self._changes.end_all(actor, "disabled", principal=after.id)
            elif (before.name, before.groups) != (after.name, after.groups):
                reason = "groups_changed" if before.groups != after.groups else "renamed"
                ended += await self._changes.end_all(actor, reason, principal=after.id)
        return ended


def _person(tx: Transaction, principal: str) -> Principal:
    found = tx.people.get(principal)
    if found is None:
        raise RecordNotFound(f"there is no User {principal[:64]!r}")
    return found


def _group(tx: Transaction, identifier: str) -> Group:
    found = next((group for group in tx.people.groups() if group.id == identifier), None)
    if found is None:
        raise RecordNotFound(f"there is no Group {identifier[:64]!r}")
    return found


def _ids(tx: Transaction) -> dict[str, str]:
    return {group.name: group.id for group in tx.people.groups()}


def _members(tx: Transaction, group: Group) -> list[Principal]:
    return _all(tx, PeopleFilter(group=group.name))


def _everybody(tx: Transaction) -> list[Principal]:
    return _all(tx, PeopleFilter())


def _all(tx: Transaction, wanted: PeopleFilter) -> list[Principal]:
    found: list[Principal] = []
    while page := tx.people.list(wanted, len(found), PAGE)[0]:
        found += page
    return found

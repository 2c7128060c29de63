"""Repository of people and groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update

from bartizan.errors import RecordNotFound
from bartizan.storage.records.entities import Group, Principal
from bartizan.storage.records.statements import Shape, Statements
from bartizan.storage.records.tables import GroupRow, MembershipRow, PersonRow

__all__ = ["People", "PeopleFilter"]

_PERSON = Shape(Principal, PersonRow, apart=["groups"])
_GROUP = Shape(Group, GroupRow)


class PeopleFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to list; what is None is not asked. ``text`` is in the name or the display name."""

    name: str | None = None
    external_id: str | None = None
    email: str | None = None
    active: bool | None = None
    group: str | None = None
    text: str | None = None


EVERYBODY = PeopleFilter()


class People:
    """People and the groups they are in.

    In a transaction that writes, ``get``, ``find`` and ``by_user_handle`` keep the person from being changed by others
    until its end, so that what is read can be changed and written back.
    """

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def add(self, person: Principal) -> None:
        """Add a person with their groups. Raises ``RecordConflict`` (name, handle), ``RecordNotFound`` (group)."""
        self._statements.add(PersonRow, _PERSON.values(person))
        if person.groups:
            self.set_groups(person.id, person.groups)

    def get(self, principal: str) -> Principal | None:
        """Return a person by id."""
        return self._one(PersonRow.id == principal)

    def find(self, name: str) -> Principal | None:
        """Return a person by the name that they log in with, normalised."""
        return self._one(PersonRow.name == name)

    def by_user_handle(self, handle: bytes) -> Principal | None:
        """Return the person whom WebAuthn knows by ``handle``."""
        return self._one(PersonRow.user_handle == handle) if handle else None

    def update(self, person: Principal) -> None:
        """Write a person as they are now, groups included. Raises ``RecordNotFound`` and ``RecordConflict``."""
        known = self.get(person.id)
        if known is None:
            raise RecordNotFound("there is no such person")
        values = _PERSON.values(person)
        self._statements.rewritten(update(PersonRow).where(PersonRow.id == person.id).values(values))
        if set(known.groups) != set(person.groups):
            self.set_groups(person.id, person.groups)

    def remove(self, principal: str) -> bool:
        """Remove a person with everything that is theirs, except the audit trail; tells whether there was one."""
        return self._statements.changed(delete(PersonRow).where(PersonRow.id == principal)) == 1

    def list(
        self, wanted: PeopleFilter = EVERYBODY, start: int = 0, count: int = 100
    ) -> tuple[Sequence[Principal], int]:
        """Return ``count`` people from the ``start``-th (0 is the first), by name, and how many there are in all."""
        conditions = list(_conditions(wanted))
        total = self._statements.count(select(func.count()).select_from(PersonRow).where(*conditions))
        page = _PERSON.select().where(*conditions).order_by(PersonRow.name).offset(start).limit(count)
        return self._read(page), total

    def groups(self) -> Sequence[Group]:
        """Return all groups by name."""
        return [_GROUP.read(row) for row in self._statements.rows(_GROUP.select().order_by(GroupRow.name))]

    def add_group(self, group: Group) -> None:
        """Add a group. Raises ``RecordConflict``."""
        self._statements.add(GroupRow, _GROUP.values(group))

    def update_group(self, group: Group) -> None:
        """Write a group as it is now. Raises ``RecordNotFound`` and ``RecordConflict``."""
        statement = update(GroupRow).where(GroupRow.id == group.id).values(_GROUP.values(group))
        if not self._statements.rewritten(statement):
            raise RecordNotFound("there is no such group")

    def remove_group(self, group: str) -> bool:
        """Remove a group, not its members; ``group`` is its id. Tells whether there was one."""
        return self._statements.changed(delete(GroupRow).where(GroupRow.id == group)) == 1

    def set_groups(self, principal: str, names: Iterable[str]) -> None:
        """Make a person a member of exactly these groups. Raises ``RecordNotFound`` for one that does not exist."""
        wanted = set(names)
        known = {
            row["name"]: row["id"]
            for row in self._statements.rows(select(GroupRow.name, GroupRow.id).where(GroupRow.name.in_(wanted)))
        }
        missing = sorted(wanted - known.keys())
        if missing:
            raise RecordNotFound(f"there is no group {missing[0]!r}")
        self._statements.changed(delete(MembershipRow).where(MembershipRow.principal == principal))
        for group in known.values():
            self._statements.add(MembershipRow, {"principal": principal, "group": group})

    def _one(self, condition: ColumnElement[bool]) -> Principal | None:
        query = _PERSON.select().where(condition)
        if not self._statements.read_only:
            query = query.with_for_update(key_share=True)
        found = self._read(query)
        return found[0] if found else None

    def _read(self, query: Select[Any]) -> Sequence[Principal]:
        rows = self._statements.rows(query)
        if not rows:
            return []
        groups: dict[str, tuple[str, ...]] = {row["id"]: () for row in rows}
        memberships = (
            select(MembershipRow.principal, GroupRow.name)
            .join(GroupRow, GroupRow.id == MembershipRow.group)
            .where(MembershipRow.principal.in_(groups))
            .order_by(GroupRow.name)
        )
        for row in self._statements.rows(memberships):
            groups[row["principal"]] += (row["name"],)
        return [_PERSON.read(row, groups=groups[row["id"]]) for row in rows]


def _conditions(wanted: PeopleFilter) -> Iterator[ColumnElement[bool]]:
    for column, value in (
        (PersonRow.name, wanted.name),
        (PersonRow.external_id, wanted.external_id),
        (PersonRow.email, wanted.email),
    ):
        if value is not None:
            yield column == value
    if wanted.active is not None:
        yield PersonRow.active.is_(wanted.active)
    if wanted.group is not None:
        members = select(MembershipRow.principal).join(GroupRow, GroupRow.id == MembershipRow.group)
        yield PersonRow.id.in_(members.where(GroupRow.name == wanted.group))
    if wanted.text is not None:
        yield or_(
            PersonRow.name.contains(wanted.text, autoescape=True),
            PersonRow.display_name.icontains(wanted.text, autoescape=True),
        )

"""People and groups, on both engines."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.records import all_at_once, make_approval, make_credential, make_device, make_group, make_person

from bartizan.errors import RecordConflict, RecordNotFound
from bartizan.storage.records.entities import AuditEvent, Device, Principal
from bartizan.storage.records.people import PeopleFilter
from bartizan.storage.records.store import RecordStore


def test_a_person_is_found_by_id_name_and_user_handle(store: RecordStore, ann: Principal) -> None:
    with store.transaction(read_only=True) as tx:
        assert tx.people.get(ann.id) == tx.people.find("ann") == tx.people.by_user_handle(b"a" * 32) == ann
        assert tx.people.get("x") is tx.people.find("x") is tx.people.by_user_handle(b"x") is None
        assert tx.people.by_user_handle(b"") is None


def test_all_fields_are_kept(store: RecordStore) -> None:
    person = make_person(
        "bö",
        email="b@example.org",
        external_id="e-7",
        active=False,
        groups=("finance", "staff"),
        user_handle=b"\x00\xff" * 16,
        password_change="compromised",
    )
    with store.transaction() as tx:
        for name in ("staff", "finance"):
            tx.people.add_group(make_group(name))
        tx.people.add(person)
    with store.transaction() as tx:
        assert tx.people.get(person.id) == person


def test_a_name_is_there_once_and_the_transaction_goes_on(store: RecordStore, ann: Principal) -> None:
    with store.transaction() as tx:
        with pytest.raises(RecordConflict, match="choose another name"):
            tx.people.add(make_person("ann"))
        with pytest.raises(RecordConflict, match="user handle"):
            tx.people.add(make_person("anna", user_handle=ann.user_handle))
        tx.people.add(make_person("bob"))
    with store.transaction(read_only=True) as tx:
        assert [person.name for person in tx.people.list()[0]] == ["ann", "bob"]


def test_several_people_may_have_no_user_handle(store: RecordStore) -> None:
    with store.transaction() as tx:
        tx.people.add(make_person("bob"))
        tx.people.add(make_person("eve"))
        assert tx.people.list()[1] == 2


def test_what_is_changed_is_written_with_the_groups(store: RecordStore, ann: Principal) -> None:
    changed = msgspec.structs.replace(ann, active=False, email="a@example.org", groups=("staff",))
    with store.transaction() as tx:
        tx.people.add_group(make_group("staff"))
        tx.people.update(changed)
        assert tx.people.get(ann.id) == changed
        tx.people.update(ann)
        assert tx.people.get(ann.id) == ann


def test_what_is_not_there_cannot_be_changed(store: RecordStore, ann: Principal) -> None:
    with store.transaction() as tx:
        with pytest.raises(RecordNotFound):
            tx.people.update(make_person("nobody"))
        with pytest.raises(RecordNotFound):
            tx.people.update_group(make_group("nothing"))
        with pytest.raises(RecordNotFound, match="'missing'"):
            tx.people.set_groups(ann.id, ["missing"])
        assert not tx.people.remove("nobody")
        assert not tx.people.remove_group("nothing")


def test_renaming_to_a_name_that_is_taken_is_a_conflict(store: RecordStore, ann: Principal) -> None:
    with store.transaction() as tx:
        tx.people.add(make_person("bob"))
    with store.transaction() as tx:
        with pytest.raises(RecordConflict, match="choose another name"):
            tx.people.update(msgspec.structs.replace(ann, name="bob"))
        tx.people.add(make_person("eve"))
    with store.transaction(read_only=True) as tx:
        assert tx.people.get(ann.id) == ann
        assert tx.people.find("eve") is not None


def test_groups_are_renamed_and_removed_and_people_stay(store: RecordStore, ann: Principal) -> None:
    staff, finance = make_group("staff"), make_group("finance", display_name="Finance")
    with store.transaction() as tx:
        tx.people.add_group(staff)
        tx.people.add_group(finance)
        tx.people.set_groups(ann.id, ["staff", "finance"])
        assert tx.people.groups() == [finance, staff]
        tx.people.update_group(msgspec.structs.replace(staff, name="all"))
        assert tx.people.get(ann.id) == msgspec.structs.replace(ann, groups=("all", "finance"))
        assert tx.people.remove_group(staff.id)
        assert tx.people.get(ann.id) == msgspec.structs.replace(ann, groups=("finance",))
        with pytest.raises(RecordConflict, match="group"):
            tx.people.add_group(make_group("finance"))


def test_with_a_person_goes_what_is_theirs_but_the_audit_trail_stays(
    store: RecordStore, ann: Principal, laptop: Device
) -> None:
    with store.transaction() as tx:
        tx.people.add_group(make_group("staff"))
        tx.people.set_groups(ann.id, ["staff"])
        tx.credentials.add(make_credential(ann, "password"))
        tx.approvals.add(make_approval(ann))
        tx.audit.add(AuditEvent(time=1.0, actor=ann.id, action="login"))
        assert tx.people.remove(ann.id)
    with store.transaction(read_only=True) as tx:
        assert tx.people.find("ann") is None
        assert tx.devices.get(laptop.id) is None
        assert tx.credentials.of(ann.id) == []
        assert tx.people.list(PeopleFilter(group="staff")) == ([], 0)
        assert len(tx.audit.list()) == 1


def test_people_are_listed_by_code_points_in_pages(store: RecordStore) -> None:
    names = ["Zoe", "a_b", "ab", "bö", "c%d", "cxd"]
    with store.transaction() as tx:
        for name in reversed(names):
            tx.people.add(make_person(name))
        assert [person.name for person in tx.people.list()[0]] == names
        page, total = tx.people.list(start=2, count=2)
        assert ([person.name for person in page], total) == (names[2:4], 6)
        assert tx.people.list(start=10) == ([], 6)
        assert tx.people.list(count=0) == ([], 6)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (PeopleFilter(name="bob"), ["bob"]),
        (PeopleFilter(name="bo"), []),
        (PeopleFilter(external_id="7"), ["ann"]),
        (PeopleFilter(email="bob@example.org"), ["bob"]),
        (PeopleFilter(active=False), ["eve"]),
        (PeopleFilter(active=True, group="staff"), ["ann"]),
        (PeopleFilter(group="staff"), ["ann", "eve"]),
        (PeopleFilter(text="o"), ["bob"]),
        (PeopleFilter(text="SMITH"), ["ann"]),
        (PeopleFilter(text="%"), ["eve"]),
        (PeopleFilter(text="_"), []),
    ],
)
def test_people_are_filtered(store: RecordStore, wanted: PeopleFilter, names: list[str]) -> None:
    with store.transaction() as tx:
        tx.people.add_group(make_group("staff"))
        tx.people.add(make_person("ann", display_name="Ann Smith", external_id="7", groups=("staff",)))
        tx.people.add(make_person("bob", email="bob@example.org"))
        tx.people.add(make_person("eve", active=False, groups=("staff",), display_name="100 %"))
        found, total = tx.people.list(wanted)
    assert ([person.name for person in found], total) == (names, len(names))


def test_everything_of_a_person_is_changed_one_after_the_other(store: RecordStore, ann: Principal) -> None:
    def append(number: int) -> None:
        with store.transaction() as tx:
            person = tx.people.get(ann.id)
            assert person is not None
            tx.people.update(msgspec.structs.replace(person, display_name=f"{person.display_name} {number}"))

    all_at_once(8, append)
    with store.transaction(read_only=True) as tx:
        person = tx.people.get(ann.id)
    assert person is not None
    assert sorted(person.display_name.split()) == sorted(["Ann", *"01234567"])


def test_of_many_who_take_a_name_at_once_one_gets_it(store: RecordStore) -> None:
    def take(_: int) -> bool:
        try:
            with store.transaction() as tx:
                tx.people.add(make_person("root"))
        except RecordConflict:
            return False
        return True

    assert sum(all_at_once(8, take)) == 1


def test_a_device_of_nobody_is_refused(store: RecordStore) -> None:
    with pytest.raises(RecordNotFound), store.transaction() as tx:
        tx.devices.add(make_device(make_person("nobody")))

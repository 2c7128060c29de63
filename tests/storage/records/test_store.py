"""Transactions, on both engines."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.records import all_at_once, make_approval, make_person

from bartizan.errors import RecordConflict, RecordsError
from bartizan.storage.records.entities import Principal
from bartizan.storage.records.store import RecordStore, Transaction


def test_a_transaction_that_raises_leaves_nothing(store: RecordStore) -> None:
    def fail() -> None:
        with store.transaction() as tx:
            tx.people.add(make_person())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.transaction(read_only=True) as tx:
        assert tx.people.list()[1] == 0


def test_a_step_that_raises_is_undone_and_the_transaction_goes_on(store: RecordStore, ann: Principal) -> None:
    def step(tx: Transaction) -> None:
        with tx.step():
            tx.people.add(make_person("eve"))
            tx.people.add(make_person("ann"))

    with store.transaction() as tx:
        with pytest.raises(RecordConflict):
            step(tx)
        with tx.step():
            tx.people.add(make_person("bob"))
    with store.transaction(read_only=True) as tx:
        assert [person.name for person in tx.people.list()[0]] == ["ann", "bob"]


def test_others_see_what_is_committed_and_nothing_before(opened: Callable[[], RecordStore]) -> None:
    one, other = opened(), opened()
    with one.transaction() as tx:
        tx.people.add(make_person())
        with other.transaction(read_only=True) as elsewhere:
            assert elsewhere.people.find("ann") is None
    with other.transaction(read_only=True) as elsewhere:
        assert elsewhere.people.find("ann") is not None


def test_what_is_only_read_cannot_be_written(store: RecordStore, ann: Principal) -> None:
    approval = make_approval(ann)
    with store.transaction() as tx:
        tx.approvals.add(approval)
    with store.transaction(read_only=True) as tx:
        with pytest.raises(RecordsError, match="opened for reading"):
            tx.people.remove(ann.id)
        with pytest.raises(RecordsError, match="opened for reading"):
            tx.people.add(make_person("bob"))
        with pytest.raises(RecordsError, match="opened for reading"):
            tx.approvals.count_attempt(approval.id)
    with store.transaction() as tx:
        assert tx.people.remove(ann.id)


def test_many_threads_write_one_after_the_other(store: RecordStore) -> None:
    def add(number: int) -> None:
        with store.transaction() as tx:
            tx.people.add(make_person(f"person{number}"))
            if number == 3:
                with pytest.raises(RecordConflict):
                    tx.people.add(make_person("person3"))

    all_at_once(8, add)
    with store.transaction(read_only=True) as tx:
        assert tx.people.list()[1] == 8


def test_a_store_can_be_closed_twice(opened: Callable[[], RecordStore]) -> None:
    store = opened()
    store.close()
    store.close()

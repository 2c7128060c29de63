"""Invitations, on both engines."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.records import NOW, all_at_once, make_invitation, make_person

from bartizan.errors import RecordConflict, RecordNotFound
from bartizan.storage.records.entities import Principal
from bartizan.storage.records.store import RecordStore


def test_an_invitation_is_found_by_digest_and_used_once(store: RecordStore, ann: Principal) -> None:
    invitation = make_invitation(ann, purpose="recover")
    with store.transaction() as tx:
        tx.invitations.add(invitation)
        assert tx.invitations.by_digest(invitation.digest) == invitation
        assert tx.invitations.by_digest(b"x") is None
        assert tx.invitations.use(invitation.id, NOW)
        assert not tx.invitations.use(invitation.id, NOW)
        assert tx.invitations.of(ann.id) == [msgspec.structs.replace(invitation, used=NOW)]


def test_one_that_has_expired_is_not_used(store: RecordStore, ann: Principal) -> None:
    invitation = make_invitation(ann)
    with store.transaction() as tx:
        tx.invitations.add(invitation)
        assert not tx.invitations.use(invitation.id, invitation.expires)
        assert not tx.invitations.use("x", NOW)


def test_open_invitations_are_made_void_together(store: RecordStore, ann: Principal) -> None:
    used, first, second = (make_invitation(ann, created=NOW + number) for number in range(3))
    with store.transaction() as tx:
        for invitation in (used, first, second):
            tx.invitations.add(invitation)
        tx.invitations.use(used.id, NOW)
        assert tx.invitations.void(ann.id, NOW + 5) == 2
        assert tx.invitations.void(ann.id, NOW + 5) == 0
        assert not tx.invitations.use(first.id, NOW + 5)
        assert [each.used for each in tx.invitations.of(ann.id)] == [NOW, None, None]


def test_a_digest_is_there_once_and_for_somebody(store: RecordStore, ann: Principal) -> None:
    invitation = make_invitation(ann)
    with store.transaction() as tx:
        tx.invitations.add(invitation)
        with pytest.raises(RecordConflict):
            tx.invitations.add(make_invitation(ann, digest=invitation.digest))
        with pytest.raises(RecordNotFound):
            tx.invitations.add(make_invitation(make_person("nobody")))


def test_of_many_who_use_a_link_at_once_one_may(store: RecordStore, ann: Principal) -> None:
    invitation = make_invitation(ann)
    with store.transaction() as tx:
        tx.invitations.add(invitation)

    def use(_: int) -> bool:
        with store.transaction() as tx:
            return tx.invitations.use(invitation.id, NOW)

    assert sum(all_at_once(8, use)) == 1

"""Changes as they are written."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.support.administration import ROOT, office

from bartizan.errors import AccessError


async def test_each_kind_of_change_has_its_line_and_none_has_none(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        person = (await at.administration.invite(ROOT, "ann", groups=["finance"])).person
        before = len(at.audit())
        after = msgspec.structs.replace(person, display_name="Ann Smith", active=False, groups=())
        with at.records.transaction() as tx:
            at.changes.person(tx, ROOT, person, person)
            assert at.changes.person(tx, ROOT, person, after) == after
            assert tx.people.get(person.id) == after
        assert [(event.action, event.details) for event in at.audit()[before:]] == [
            ("principal.disabled", {"name": "ann"}),
            ("principal.groups", {"name": "ann", "removed": "finance"}),
            ("principal.changed", {"name": "ann", "fields": "display_name"}),
        ]


async def test_a_group_that_can_have_no_name_is_refused(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        with at.records.transaction() as tx:
            with pytest.raises(AccessError, match="cannot be the name"):
                at.changes.groups(tx, ROOT, ["a\nb"], make=True)
            assert at.changes.groups(tx, ROOT, [" a ", "administrators"], make=True) == ["a", "administrators"]


async def test_sessions_that_risk_ended_are_ended_for_good_with_the_others(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        for everything in (True, False):
            person, _, _ = await at.enrolled("ann" if everything else "bob")
            with at.records.transaction() as tx:
                (session,) = tx.sessions.live(person.id)
                tx.sessions.end(session.digest, at.clock(), "risk")
            if everything:
                await at.administration.revoke_sessions(ROOT, person.id)
            else:
                await at.administration.revoke_session(ROOT, session.id)
            with at.records.transaction() as tx:
                assert not tx.sessions.reinstate(session.id)

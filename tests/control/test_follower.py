"""What happened at the edge comes into the records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog
from tests.support.sessions import NOW, Clock, make_session

from bartizan.access.notices import Notice, notify
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import Records
from bartizan.control.follower import SETTLE, Follower
from bartizan.storage.records.entities import AuditEvent, Device, Principal, SessionRecord
from bartizan.storage.records.open import open_records
from bartizan.storage.records.store import RecordStore
from bartizan.storage.state.lmdb_engine import LmdbState


class Site:
    """Alice, her device, and sessions of hers in state and records."""

    def __init__(self, directory: Path) -> None:
        self.clock = Clock()
        self.state = LmdbState(directory / "state", 2**24, self.clock)
        self.records: RecordStore = open_records(Records(), directory)
        self.sessions = SessionStore(self.state, self.clock)
        self.follower = Follower(self.state, self.records, self.clock, log=structlog.get_logger(), lifetime=7200.0)
        with self.records.transaction() as tx:
            tx.people.add(
                Principal(id="principal-1", name="alice", display_name="Alice", created=NOW, user_handle=b"1" * 32)
            )
            tx.devices.add(
                Device(
                    id="device-1", principal="principal-1", thumbprint="t", jwk={}, label="", kind="browser",
                    enrolled=NOW, enrolled_by="invitation",
                )
            )  # fmt: skip

    async def begin(self, name: str) -> bytes:
        _, digest = await self.sessions.begin(make_session(id=name))
        with self.records.transaction() as tx:
            tx.sessions.add(
                SessionRecord(
                    id=name, digest=digest, principal="principal-1", device="device-1", started=self.clock(), aal=2,
                    factors=(), address="", user_agent="",
                )
            )  # fmt: skip
        return digest

    def ended(self, name: str) -> str | None:
        with self.records.transaction(read_only=True) as tx:
            record = tx.sessions.get(name)
        assert record is not None
        return None if record.ended is None else record.end_reason


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path)
    yield made
    made.records.close()
    await made.state.close()


async def test_a_session_that_the_edge_ended_is_over_in_the_records(site: Site) -> None:
    first, _ = await site.begin("first"), await site.begin("second")
    await site.sessions.end(first, "idle")
    await site.follower.look()
    assert (site.ended("first"), site.ended("second")) == ("idle", None)
    await site.follower.look()
    assert site.ended("first") == "idle"


async def test_a_device_that_the_edge_wants_in_quarantine_is_and_loses_all_its_sessions(site: Site) -> None:
    digest = await site.begin("first")
    await notify(site.state, Notice("quarantine", "device-1", "second", "risk 90"))
    await site.follower.look()
    await site.follower.look()
    assert await site.sessions.by_digest(digest) is None
    assert site.ended("first") == "risk_quarantine"
    with site.records.transaction(read_only=True) as tx:
        device = tx.devices.get("device-1")
        assert device is not None
        assert device.status == "quarantined"
        assert [event.action for event in tx.audit.list()] == ["device.quarantined"]


async def test_sessions_that_ran_out_unseen_are_over_too(site: Site) -> None:
    await site.begin("first")
    site.clock.forward(7201)
    await site.begin("second")
    await site.follower.look()
    assert (site.ended("first"), site.ended("second")) == ("lifetime", None)


async def quarantine(site: Site, at: float = 0.0) -> None:
    await notify(site.state, Notice("quarantine", "device-1", "first", "risk 90", at=at))


async def ask(site: Site, what: Any, digest: bytes = b"", session: str = "first") -> None:
    await notify(site.state, Notice(what, "device-1", session, "pardoned", digest=digest, at=site.clock()))


def status(site: Site) -> str:
    with site.records.transaction(read_only=True) as tx:
        device = tx.devices.get("device-1")
    assert device is not None
    return device.status


async def test_a_revoked_session_goes_on_in_state_and_records_once_edges_have_heard(site: Site) -> None:
    digest = await site.begin("first")
    await site.sessions.revoke(digest, "risk")
    await site.follower.look()
    assert site.ended("first") == "risk"
    await ask(site, "reinstate", digest)
    await site.follower.look()
    assert site.ended("first") == "risk", "not before what led to it is known to be withdrawn"
    site.clock.forward(SETTLE)
    await site.follower.look()
    assert site.ended("first") is None
    assert await site.sessions.by_digest(digest) is not None
    with site.records.transaction(read_only=True) as tx:
        event = tx.audit.latest(1)[0]
    assert (event.actor, event.action, event.target) == ("system", "session.reinstated", "first")
    assert event.details["reason"] == "pardoned"


async def test_after_a_restart_of_control_what_was_undone_stays_so(site: Site) -> None:
    digest = await site.begin("first")
    await quarantine(site)
    await site.follower.look()
    await ask(site, "release")
    site.clock.forward(SETTLE)
    await site.follower.look()
    again = Follower(site.state, site.records, site.clock, log=structlog.get_logger(), lifetime=7200.0)
    await again.look()
    assert (status(site), site.ended("first")) == ("trusted", None)
    assert await site.sessions.by_digest(digest) is not None


async def test_a_device_is_released_with_all_sessions_that_its_quarantine_ended(site: Site) -> None:
    digests = [await site.begin(name) for name in ("first", "second", "third")]
    await site.sessions.revoke(digests[0], "risk_quarantine")  # as the edge does
    await site.sessions.end(digests[2], "logout")
    await quarantine(site)
    await site.follower.look()
    assert status(site) == "quarantined"
    await ask(site, "release")
    await ask(site, "reinstate", digests[0])
    site.clock.forward(SETTLE)
    await site.follower.look()
    assert status(site) == "trusted"
    assert [site.ended(name) for name in ("first", "second", "third")] == [None, None, "logout"]
    assert [await site.sessions.by_digest(digest) is not None for digest in digests] == [True, True, False]


async def test_control_that_was_away_all_the_time_comes_to_the_same(site: Site) -> None:
    digests = [await site.begin(name) for name in ("first", "second")]
    await site.sessions.revoke(digests[0], "risk_quarantine")
    await quarantine(site)
    await ask(site, "release")
    await ask(site, "reinstate", digests[0])
    site.clock.forward(60)
    await site.follower.look()
    assert status(site) == "trusted"
    assert [site.ended(name) for name in ("first", "second")] == [None, None]


@pytest.mark.parametrize("what", ["disabled", "superseded", "wrong digest", "device revoked", "gone"])
async def test_a_pardon_brings_nothing_back_that_somebody_wants_to_have_ended(site: Site, what: str) -> None:
    digest = await site.begin("first")
    await site.sessions.revoke(digest, "risk")
    await site.follower.look()
    with site.records.transaction() as tx:
        if what == "disabled":
            person = tx.people.get("principal-1")
            assert person is not None
            tx.people.update(msgspec.structs.replace(person, active=False))
        elif what == "superseded":
            tx.sessions.supersede("password_changed", principal="principal-1")
        elif what == "device revoked":
            tx.devices.set_status("device-1", "revoked")
        elif what == "gone":
            tx.people.remove("principal-1")
    await ask(site, "reinstate", b"x" if what == "wrong digest" else digest)
    site.clock.forward(SETTLE)
    await site.follower.look()
    assert await site.sessions.by_digest(digest) is None


async def test_a_device_that_a_person_put_into_quarantine_stays_there(site: Site) -> None:
    with site.records.transaction() as tx:
        tx.devices.set_status("device-1", "quarantined")
        tx.audit.add(AuditEvent(time=NOW, actor="admin", action="device.quarantined", target="device-1"))
    await quarantine(site)
    await ask(site, "release")
    site.clock.forward(SETTLE)
    await site.follower.look()
    assert status(site) == "quarantined"


async def test_a_notice_that_cannot_be_read_does_not_hide_those_behind_it(site: Site) -> None:
    await site.state.publish(b"access", b"\xc1", 60)
    await quarantine(site)
    await site.follower.look()
    assert status(site) == "quarantined"

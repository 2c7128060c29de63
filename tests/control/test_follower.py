"""What happened at the edge comes into the records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog
from tests.support.sessions import NOW, Clock, make_session

from bartizan.access.notices import Notice, notify
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import Records
from bartizan.control.follower import Follower
from bartizan.storage.records.entities import Device, Principal, SessionRecord
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

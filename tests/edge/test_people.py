"""What the guards of an edge process share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog
from tests.support.sessions import Clock

from bartizan.config.model import Access
from bartizan.edge.people import People
from bartizan.storage.state.lmdb_engine import LmdbState

SETTINGS = Access.model_validate({"enabled": True, "origin": "https://api.test"})


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[People]:
    state = LmdbState(tmp_path / "state", 2**24)
    yield People(tmp_path / "keys", state, Clock(), structlog.get_logger())
    await state.close()


async def test_guards_with_the_same_settings_share_what_they_use(people: People) -> None:
    first = people(SETTINGS)
    assert people(Access.model_validate(SETTINGS.model_dump())) is first
    assert first.live is people.live


async def test_other_settings_come_into_force_and_sessions_stay(people: People) -> None:
    first = people(SETTINGS)
    second = people(SETTINGS.model_copy(update={"origin": "https://other.test"}))
    assert second is not first
    assert second.sessions is first.sessions


async def test_nothing_is_read_of_sessions_until_a_guard_wants_them(people: People) -> None:
    assert not people.live.wanted

"""Risks in a state of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.obstacles import Risks
from tests.support.sessions import Clock

from bartizan.storage.state.lmdb_engine import LmdbState


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def risks(tmp_path: Path, clock: Clock) -> AsyncIterator[Risks]:
    state = LmdbState(tmp_path / "state", 2**24, clock)
    yield Risks(state, clock)
    await state.close()

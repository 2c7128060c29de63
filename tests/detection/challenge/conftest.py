from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.sessions import Clock

from bartizan.config.model import State as Settings
from bartizan.detection.challenge import Challenger
from bartizan.keys.vault import Vault
from bartizan.storage.state import State, open_state


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def state(tmp_path: Path, clock: Clock) -> AsyncIterator[State]:
    opened = open_state(Settings(), tmp_path, clock)
    yield opened
    await opened.close()


@pytest.fixture
def challenger(state: State, clock: Clock) -> Challenger:
    return Challenger(Vault(b"k" * 32), state, clock)

"""What the tests of factors share: a clock, the shared state, and a relying party with people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.authenticator import ORIGIN
from tests.support.sessions import Clock

from bartizan.access.factors.challenges import Challenges
from bartizan.access.factors.webauthn import WebAuthn
from bartizan.storage.state.interface import State
from bartizan.storage.state.lmdb_engine import LmdbState


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def state(tmp_path: Path, clock: Clock) -> AsyncIterator[State]:
    opened = LmdbState(tmp_path / "state", 2**22, clock)
    yield opened
    await opened.close()


@pytest.fixture
def challenges(state: State, clock: Clock) -> Challenges:
    return Challenges(state, clock)


@pytest.fixture
def webauthn(challenges: Challenges) -> WebAuthn:
    return WebAuthn.of(ORIGIN, "Bartizan", challenges)

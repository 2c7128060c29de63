from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog
from tests.support.sessions import Clock

from bartizan.config.model import State as Settings
from bartizan.detection.risk import Engine, RiskSettings, RiskSignal
from bartizan.detection.standing import Standings
from bartizan.errors import StateError
from bartizan.sentry.publisher import Publisher
from bartizan.storage.state import State, open_state
from bartizan.storage.state.interface import Entry

ACTOR = "address:192.0.2.7"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def state(tmp_path: Path, clock: Clock) -> AsyncIterator[State]:
    opened = open_state(Settings(), tmp_path, clock)
    yield opened
    await opened.close()


@pytest.fixture
def engine() -> Engine:
    return Engine(RiskSettings())


def attack(engine: Engine, clock: Clock, severity: int = 95, detector: str = "honeytokens") -> None:
    engine.observe(RiskSignal("honeytoken.used", detector, "access", "deception", severity, 1.0, (ACTOR,), clock()))


async def seen(state: State, clock: Clock) -> float:
    """Return what an edge process makes of it."""
    standings = Standings(state, structlog.get_logger(), clock)
    await standings.load()
    return standings.score(ACTOR, clock())


async def test_a_risk_is_told_once_and_again_when_it_has_changed(state: State, engine: Engine, clock: Clock) -> None:
    publisher = Publisher(state, engine, "one")
    attack(engine, clock)
    assert await publisher.tell([ACTOR], clock()) == 1
    assert await publisher.tell([ACTOR], clock()) == 0
    assert await seen(state, clock) == pytest.approx(engine.score(ACTOR, clock()), abs=0.5)
    attack(engine, clock, detector="others")
    assert await publisher.tell([ACTOR], clock()) == 1
    assert await seen(state, clock) == pytest.approx(engine.score(ACTOR, clock()), abs=0.5)


async def test_little_is_told_to_nobody(state: State, engine: Engine, clock: Clock) -> None:
    publisher = Publisher(state, engine, "one")
    attack(engine, clock, severity=2)
    assert 0 < engine.score(ACTOR, clock()) < 5
    assert await publisher.tell([ACTOR], clock()) == 0
    assert (len(publisher), await seen(state, clock)) == (0, 0.0)


async def test_edges_follow_its_fading_within_points_over_weeks(state: State, engine: Engine, clock: Clock) -> None:
    publisher = Publisher(state, engine, "one")
    attack(engine, clock)
    await publisher.tell([ACTOR], clock())
    for _ in range(40):
        clock.forward(86_400)
        await publisher.look_again(clock())
        assert await seen(state, clock) == pytest.approx(engine.score(ACTOR, clock()), abs=2.0)
    assert engine.score(ACTOR, clock()) < 10


async def test_what_is_pardoned_is_withdrawn(state: State, engine: Engine, clock: Clock) -> None:
    publisher = Publisher(state, engine, "one")
    attack(engine, clock)
    await publisher.tell([ACTOR], clock())
    await publisher.tell(engine.pardon(ACTOR, clock()), clock())
    assert (len(publisher), await seen(state, clock)) == (0, 0.0)


async def test_another_process_withdraws_what_is_no_risk_any_more(state: State, engine: Engine, clock: Clock) -> None:
    attack(engine, clock)
    await Publisher(state, engine, "one").tell([ACTOR], clock())
    await Publisher(state, Engine(RiskSettings()), "two").tell([ACTOR], clock())
    assert await seen(state, clock) > 80
    again = Publisher(state, Engine(RiskSettings()), "one")
    await again.tell([], clock())
    await again.look_again(clock())
    assert await seen(state, clock) == 0.0


async def test_many_are_told_in_pieces_and_all_of_them(state: State, engine: Engine, clock: Clock) -> None:
    actors = tuple(f"address:192.0.2.{number}" for number in range(250))
    for actor in actors:
        engine.observe(RiskSignal("decoy.touched", "decoys", None, "deception", 90, 1.0, (actor,), clock()))
    publisher = Publisher(state, engine, "one")
    assert await publisher.tell(actors, clock()) == len(publisher) == 250


async def test_all_is_told_again_where_the_state_has_lost_it(state: State, engine: Engine, clock: Clock) -> None:
    publisher = Publisher(state, engine, "one")
    attack(engine, clock)
    await publisher.tell([ACTOR], clock())
    assert await publisher.look_again(clock()) == 1  # the first time nobody knows
    assert await publisher.look_again(clock()) == 0
    keys = [entry.key async for entry in state.scan(b"")]
    for key in keys:
        await state.delete(key)
    assert await publisher.look_again(clock()) == 1
    assert await seen(state, clock) > 80


class Away:
    """A shared state that does not answer."""

    async def put(self, *_: object) -> None:
        raise StateError("away")

    async def publish(self, *_: object) -> None:
        raise StateError("away")

    async def scan(self, *_: object) -> AsyncIterator[Entry]:
        raise StateError("away")
        yield


async def test_what_could_not_be_told_is_told_later(state: State, engine: Engine, clock: Clock) -> None:
    publisher = Publisher(Away(), engine, "one")  # type: ignore[arg-type]
    attack(engine, clock)
    with pytest.raises(StateError):
        await publisher.tell([ACTOR], clock())
    publisher._state = state
    assert await publisher.tell([], clock()) == 1
    assert await seen(state, clock) > 80

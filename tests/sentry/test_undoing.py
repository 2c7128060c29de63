from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.support.journals import honeytoken, records_of
from tests.support.sessions import Clock

from bartizan.access.notices import notices
from bartizan.config.model import State as Settings
from bartizan.detection.decisions import Decision, note_decision
from bartizan.detection.pardons import pardon
from bartizan.detection.risk import Engine, RiskSettings
from bartizan.errors import StateError
from bartizan.evidence.journal import Entry, Position
from bartizan.sentry.publisher import Publisher
from bartizan.sentry.reading import Reading
from bartizan.sentry.undoing import MadeDecision, MadePardon, Undoing
from bartizan.storage.state import State, open_state

SEGMENT = "edge-0-1764000000000-aabbccddeeff-000001.bzj"


class Scene:
    """An attacker with a session that was revoked for its risk."""

    def __init__(self, state: State, clock: Clock) -> None:
        self.state, self.clock = state, clock
        self.engine = Engine(RiskSettings())
        self.reading = Reading(self.engine)
        self.publisher = Publisher(state, self.engine, "one")
        self.undoing = Undoing(state, self.engine, self.reading.cases, self.publisher)
        found = records_of(honeytoken(), principal="ada", session="s1", now=clock())
        for number, record in enumerate(found):
            self.reading.take(Entry(Position(SEGMENT, number + 1), b"", record))

    async def revoked(self, number: str, *actors: str, what: str = "revoke_session") -> None:
        decision = Decision(
            number,
            self.clock(),
            what,
            "s1",
            b"digest-" + number.encode(),
            "d1",
            "ada",
            actors,
            95,
            "risk",  # type: ignore[arg-type]
        )
        await note_decision(self.state, decision)
        await self.undoing.look(self.clock())

    async def pardon(self, actor: str) -> MadePardon:
        given = await pardon(self.state, actor, because="our own test", by="root", now=self.clock() + 1)
        self.clock.forward(2)
        await self.undoing.look(self.clock())
        made = self.undoing.changes()["pardons"]
        return msgspec.msgpack.decode(made[given.id], type=MadePardon)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    clock = Clock()
    state = open_state(Settings(), tmp_path, clock)
    yield Scene(state, clock)
    await state.close()


async def test_a_pardon_takes_back_the_risk_and_what_followed_from_it(scene: Scene) -> None:
    await scene.revoked("one", "session:s1", "principal:ada")
    await scene.revoked("two", "device:d1", "principal:ada", what="quarantine_device")
    assert scene.engine.score("session:s1", scene.clock()) > 80
    made = await scene.pardon("session:s1")
    assert scene.engine.score("session:s1", scene.clock()) < 5
    assert scene.engine.score("principal:ada", scene.clock()) < 5
    assert set(made.undone) == {"one", "two"}
    assert "principal:ada" in made.touched
    assert made.cases != []
    asked = [notice.what for _, notice in await notices(scene.state, None) if notice is not None]
    assert asked == ["reinstate", "release", "reinstate"]


async def test_what_is_about_others_stays(scene: Scene) -> None:
    await scene.revoked("one", "session:other", "principal:grace")
    made = await scene.pardon("session:s1")
    assert made.undone == []


async def test_a_decision_is_undone_once(scene: Scene) -> None:
    await scene.revoked("one", "session:s1")
    assert (await scene.pardon("session:s1")).undone == ["one"]
    assert (await scene.pardon("session:s1")).undone == []


async def test_decisions_of_an_earlier_run_can_be_undone(scene: Scene) -> None:
    await scene.revoked("one", "session:s1")
    kept = scene.undoing.changes()["decisions"]["one"]
    assert msgspec.msgpack.decode(kept, type=MadeDecision).undone_by == ""
    later = Undoing(scene.state, scene.engine, scene.reading.cases, scene.publisher)
    later.decisions_read, later.pardons_read = scene.undoing.decisions_read, scene.undoing.pardons_read
    later.load(kept)
    scene.undoing = later
    assert (await scene.pardon("session:s1")).undone == ["one"]


async def test_a_pardon_that_the_state_interrupts_is_carried_out_whole_the_next_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.revoked("one", "principal:ada")

    async def away(*_: object) -> int:
        raise StateError("away")

    with monkeypatch.context() as patched:
        patched.setattr(scene.publisher, "tell", away)
        with pytest.raises(StateError):
            await scene.pardon("session:s1")
    await scene.undoing.look(scene.clock())
    (made,) = scene.undoing.changes()["pardons"].values()
    assert msgspec.msgpack.decode(made, type=MadePardon).undone == ["one"]


async def test_whom_nothing_is_known_of_can_be_pardoned_too(scene: Scene) -> None:
    made = await scene.pardon("192.0.2.99")
    assert (made.touched, made.undone, made.cases) == (["address:192.0.2.99"], [], [])


async def test_what_an_edge_decides_before_it_knows_of_the_pardon_is_undone_too(scene: Scene) -> None:
    await scene.pardon("session:s1")
    await scene.revoked("late", "session:s1")
    assert msgspec.msgpack.decode(scene.undoing.changes()["decisions"]["late"], type=MadeDecision).undone_by
    scene.clock.forward(5)
    await scene.revoked("new", "session:s1")
    assert not msgspec.msgpack.decode(scene.undoing.changes()["decisions"]["new"], type=MadeDecision).undone_by

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.support.journals import Journaled, honeytoken, records_of

from bartizan.config.model import State as StateSettings
from bartizan.detection.risk import Engine, RiskSettings, RiskSignal
from bartizan.evidence.journal import Follower
from bartizan.pipeline import Signal
from bartizan.sentry.keeping import ACTORS, CASES, Keeping
from bartizan.sentry.publisher import Publisher
from bartizan.sentry.reading import Reading
from bartizan.sentry.store import Kept, Store
from bartizan.sentry.undoing import Undoing
from bartizan.storage.state import State, open_state

NOW = 1_900_000_000.0
CLIENTS = 5


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two workers' journals, in several segments."""
    directory = tmp_path_factory.mktemp("journals")
    workers = [Journaled(directory, f"edge-{slot}", segment_bytes=8192) for slot in (0, 1)]
    for number in range(120):
        signals = [Signal("waf.match", 40)] if number % 4 == 0 else [honeytoken()] if number % 17 == 0 else []
        client, status = f"192.0.2.{number % CLIENTS}", 404 if number % 2 else 200
        who = None if number % 3 else f"person-{number % 7}"
        workers[number % 2].write(
            records_of(*signals, client=client, path=f"/{number}", status=status, principal=who, now=NOW + number)
        )
    for worker in workers:
        asyncio.run(worker.close())
    return directory / "journal"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    opened = open_state(StateSettings(), tmp_path_factory.mktemp("state"))
    yield opened
    asyncio.run(opened.close())


class Life:
    """One process, from its start on what an earlier one has kept to whatever end."""

    def __init__(self, store: Store, state: State, journal: Path) -> None:
        self.reading = Reading(Engine(RiskSettings()))
        self.keeping = Keeping(store, structlog.get_logger())
        publisher = Publisher(state, self.reading.engine, self.keeping.source)
        self.undoing = Undoing(state, self.reading.engine, self.reading.cases, publisher)
        self.keeping.restore(self.reading, self.undoing)
        self.entries = Follower(journal, self.reading.checkpoint).poll()

    def read(self, most: int | None = None) -> None:
        for number, entry in enumerate(self.entries, 1):
            self.reading.take(entry)
            if number == most:
                return
        self.reading.settle()

    def keep(self) -> bool:
        return asyncio.run(self.keeping.write(self.keeping.collect(self.reading, self.undoing)))


@given(lives=st.lists(st.tuples(st.integers(1, 60), st.integers(0, 20)), max_size=5))
@settings(max_examples=25, deadline=None)
def test_wherever_it_is_ended_every_record_counts_once(
    journal: Path, state: State, lives: list[tuple[int, int]]
) -> None:
    undisturbed = Reading(Engine(RiskSettings()))
    for entry in Follower(journal).poll():
        undisturbed.take(entry)
    undisturbed.settle()
    with tempfile.TemporaryDirectory() as directory:
        store = Store(Path(directory), map_size=2**24)
        for kept, lost in lives:
            life = Life(store, state, journal)
            life.read(kept)
            assert life.keep()
            life.read(lost)  # and is killed
        last = Life(store, state, journal)
        last.read()
        assert last.keep()
        again = Life(store, state, journal)
        store.close()
    for each in (last.reading, again.reading):
        assert each.counts == undisturbed.counts
        assert each.checkpoint == undisturbed.checkpoint
        assert len(each.cases) == len(undisturbed.cases)
        assert {name: len(shelf) for name, shelf in each.shelves.items()} == {
            name: len(shelf) for name, shelf in undisturbed.shelves.items()
        }
        for number in range(CLIENTS):
            key = f"address:192.0.2.{number}"
            expected = undisturbed.engine.score(key, NOW + 200)
            assert each.engine.score(key, NOW + 200) == pytest.approx(expected, abs=0.01)


def test_what_cannot_be_read_is_told_and_left_out(tmp_path: Path, journal: Path, state: State) -> None:
    store = Store(tmp_path, map_size=2**24)
    store.write(Kept(source="one"), {ACTORS: {"address:192.0.2.7": b"nothing"}, CASES: {"1": b"nothing"}})
    with capture_logs() as logs:
        life = Life(store, state, journal)
    assert [(log["part"], log["items"]) for log in logs] == [(ACTORS, 1), (CASES, 1)]
    assert life.keeping.source == "one"
    store.close()


def test_without_anything_new_nothing_is_written(tmp_path: Path, journal: Path, state: State) -> None:
    store = Store(tmp_path, map_size=2**24)
    life = Life(store, state, journal)
    life.read()
    assert life.keep()
    before = (tmp_path / "sentry" / "data.mdb").stat().st_mtime_ns
    assert life.keep()
    assert (tmp_path / "sentry" / "data.mdb").stat().st_mtime_ns == before
    store.close()


def test_actors_that_come_and_go_while_there_is_no_space_take_none_later(
    tmp_path: Path, journal: Path, state: State
) -> None:
    store = Store(tmp_path, map_size=2**15)
    life = Life(store, state, journal)
    life.reading.engine = Engine(RiskSettings(actors=400))
    for number in range(1000):
        key = f"address:10.0.{number // 250}.{number % 250}"
        signal = RiskSignal("decoy.touched", "decoys", None, "deception", 60, 1.0, (key,), NOW + number)
        life.reading.engine.observe(signal)
    assert not life.keep()
    assert life.keeping.unwritten <= 400
    store.close()

"""What the sentry publishes of actors, and the replica of it in each edge process."""

from __future__ import annotations

import asyncio
import math
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import CapturingLogger
from tests.support.sessions import Clock

from bartizan.detection import standing as module
from bartizan.detection.standing import Standing, Standings, publish, published
from bartizan.errors import StateError
from bartizan.storage.state.interface import Entry, FeedItem
from bartizan.storage.state.lmdb_engine import LmdbState

NOW = 1_800_000_000.0
HOUR = 3600.0
A, B = "address:192.0.2.7", "session:s1"


class Flaky(LmdbState):
    """A state that fails as long as ``error`` is set, and where ``meanwhile`` happens in the middle of a scan."""

    error: Exception | None = None
    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def read(self, topic: bytes, after: bytes | None, limit: int = 1000) -> list[FeedItem]:
        if self.error is not None:
            raise self.error
        return await super().read(topic, after, limit)

    async def scan(self, prefix: bytes) -> AsyncIterator[Entry]:
        if self.error is not None:
            raise self.error
        async for entry in super().scan(prefix):
            if self.meanwhile is not None:
                await self.meanwhile()
            yield entry


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[Flaky]:
    opened = Flaky(tmp_path, 2**26, Clock())
    yield opened
    await opened.close()


def made(actor: str, score: float, at: float = NOW, source: str = "a", **more: Any) -> Standing:
    return Standing(actor, score, at, more.get("half_life", HOUR), source, more.get("because", "decoy touched"))


def replica(state: LmdbState, log: CapturingLogger | None = None, **more: Any) -> Standings:
    return Standings(state, log or CapturingLogger(), Clock(), **more)


@asynccontextmanager
async def followed(standings: Standings) -> AsyncIterator[None]:
    task = asyncio.create_task(standings.follow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - there is nothing to be told by
            await asyncio.sleep(0.01)


async def test_what_is_published_is_known_after_a_start_and_from_then_on(state: Flaky) -> None:
    await publish(state, [made(A, 40)])
    standings = replica(state)
    await standings.load()
    assert (standings.score(A, NOW), standings.score(B, NOW), len(standings)) == (40, 0, 1)
    await publish(state, [made(B, 70), made(A, 50)])
    await standings.catch_up()
    assert (standings.score(A, NOW), standings.score(B, NOW)) == (50, 70)


async def test_what_is_published_can_be_listed_by_source(state: Flaky) -> None:
    await publish(state, [made(A, 40, source="one"), made(A, 60, source="two"), made(B, 70)])
    await publish(state, [Standing.withdrawn(B, made(B, 70).source)])
    await state.put(b"risk/one/none", b"nothing that makes sense")
    assert sorted([(each.actor, each.score) async for each in published(state)]) == [(A, 40), (A, 60)]


async def test_a_risk_fades_by_itself_and_its_entry_leaves_the_state(state: Flaky) -> None:
    await publish(state, [made(A, 64)])
    standings = replica(state)
    await standings.load()
    assert standings.score(A, NOW + 2 * HOUR) == pytest.approx(16)
    assert standings.score(A, NOW - 60) == 64, "a clock that is behind makes nobody riskier"
    (entry,) = [entry async for entry in state.scan(b"risk/")]
    assert entry.expires == pytest.approx(NOW + 6 * HOUR), "below 1"


async def test_the_riskiest_of_several_actors_decides(state: Flaky) -> None:
    await publish(state, [made(A, 40, half_life=60.0), made(B, 30)])
    standings = replica(state)
    await standings.load()
    first, later = standings.highest((B, A, "ja4:x"), NOW), standings.highest((B, A), NOW + HOUR)
    assert first is not None
    assert later is not None
    assert (first.actor, later.actor) == (A, B)
    assert standings.highest(("ja4:x",), NOW) is None


async def test_of_several_sources_the_highest_counts_until_it_withdraws(state: Flaky) -> None:
    await publish(state, [made(A, 40, source="one"), made(A, 60, source="two")])
    standings = replica(state)
    await standings.load()
    assert standings.score(A, NOW) == 60
    await publish(state, [Standing.withdrawn(A, "two")])
    await standings.catch_up()
    assert standings.score(A, NOW) == 40
    await publish(state, [Standing.withdrawn(A, "one")])
    await standings.catch_up()
    assert (standings.score(A, NOW), len(standings)) == (0, 0)
    assert [entry async for entry in state.scan(b"risk/")] == []


async def test_what_is_published_during_a_scan_is_not_lost(state: Flaky) -> None:
    await publish(state, [made(A, 40)])
    standings = replica(state)
    await standings.load()

    async def meanwhile() -> None:
        state.meanwhile = None
        await publish(state, [made(A, 80), made(B, 20)])

    state.meanwhile = meanwhile
    await standings.load()
    assert (standings.score(A, NOW), standings.score(B, NOW)) == (80, 20)


async def test_many_come_in_few_messages_and_all_are_known(state: Flaky) -> None:
    await publish(state, [made(f"address:2001:db8::{number:x}", 10) for number in range(1000)])
    standings = replica(state)
    await standings.load()
    fed = replica(state)
    await fed.catch_up()
    assert len(standings) == len(fed) == 1000
    assert len(await state.read(b"risk", None)) == math.ceil(1000 / 64)


async def test_a_replica_outlives_the_state_and_makes_up_for_it_afterwards(
    state: Flaky, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL", 0.01)
    log = CapturingLogger()
    standings = replica(state, log)
    await publish(state, [made(A, 40)])
    await standings.load()
    async with followed(standings):
        state.error = StateError("the state is away")
        await until(lambda: bool(log.calls))
        await asyncio.sleep(0.05)
        assert standings.score(A, NOW) == 40
        assert [call.kwargs["error"] for call in log.calls] == ["the state is away"], "said once"
        await publish(state, [made(B, 70)])
        state.error = None
        await until(lambda: standings.score(B, NOW) == 70)
        state.error = RuntimeError("what nobody thought of")
        await until(lambda: len(log.calls) == 2)
        state.error = None
        await publish(state, [made(B, 71)])
        await until(lambda: standings.score(B, NOW) == 71)


@pytest.mark.parametrize(
    "payload",
    [b"\xc1", b"", msgspec.msgpack.encode("risk"), msgspec.msgpack.encode([["address:192.0.2.9"]])],
)
async def test_a_message_that_is_none_is_logged_and_passed_over(state: Flaky, payload: bytes) -> None:
    log = CapturingLogger()
    standings = replica(state, log)
    await state.publish(b"risk", payload, 60)
    await state.put(b"risk/a/address:192.0.2.9", payload)
    await publish(state, [made(A, 40)])
    await standings.load()
    assert (standings.score(A, NOW), len(standings), len(log.calls)) == (40, 1, 2)


@pytest.mark.parametrize(
    "changes",
    [
        {"score": 101.0}, {"score": -1.0}, {"score": math.nan}, {"half_life": 0.0}, {"half_life": math.inf},
        {"at": math.nan}, {"actor": ""}, {"actor": "address:" + "x" * 700}, {"because": "x" * 201},
        {"source": "x" * 201},
    ],
)  # fmt: skip
async def test_a_risk_that_makes_no_sense_has_no_effect(state: Flaky, changes: dict[str, Any]) -> None:
    log = CapturingLogger()
    standings = replica(state, log)
    bad = msgspec.structs.replace(made("address:192.0.2.9", 50), **changes)
    await state.publish(b"risk", msgspec.msgpack.encode([bad, made(A, 40)]), 60)
    await standings.catch_up()
    assert (standings.score(A, NOW), len(standings), len(log.calls)) == (40, 1, 1)


async def test_beyond_its_bound_the_less_risky_make_room_and_it_is_said(state: Flaky) -> None:
    log = CapturingLogger()
    standings = replica(state, log, maximum=16)
    await publish(state, [made(f"ja4:{number}", 10 + number) for number in range(16)])
    await publish(state, [made(A, 90), made(B, 5)])
    await standings.catch_up()
    assert len(standings) == 16
    assert (standings.score(A, NOW), standings.score(B, NOW), standings.score("ja4:0", NOW)) == (90, 0, 0)
    assert log.calls[0].kwargs == {"limit": 16, "dropped": 2}


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([A, B, "ja4:x"]), st.sampled_from(["one", "two"]), st.sampled_from([0, 20, 40, 60])),
        max_size=12,
    )
)
def test_scan_and_feed_come_to_the_same(changes: list[tuple[str, str, int]]) -> None:
    expected: dict[str, dict[str, int]] = {}
    standings = [made(actor, float(score), source=source) for actor, source, score in changes]
    for actor, source, score in changes:
        expected.setdefault(actor, {})[source] = score

    async def check(directory: Path) -> None:
        state = LmdbState(directory, 2**20, Clock())
        for standing in standings:
            await publish(state, [standing])
        fed, scanned = replica(state), replica(state)
        await fed.catch_up()
        scanned._cursor = (await state.read(b"risk", None) or [FeedItem(b"", b"")])[-1].cursor or None
        await scanned.load()
        for actor in (A, B, "ja4:x"):
            assert fed.score(actor, NOW) == scanned.score(actor, NOW) == max(expected.get(actor, {"": 0}).values())
        await state.close()

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(check(Path(directory)))

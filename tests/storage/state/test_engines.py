"""One contract for both engines: LMDB, and a real Redis or Valkey server."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.redis import RedisServer

from bartizan.config.model import State as Settings
from bartizan.errors import StateError
from bartizan.storage.state import GcraLimit, State, open_state
from bartizan.storage.state.gcra import decide

ENGINES = ("lmdb", "valkey")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(params=ENGINES)
async def state(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[State]:
    url = {} if request.param == "lmdb" else {"url": request.getfixturevalue("server").url}
    prefix = {} if request.param == "lmdb" else {"key_prefix": tmp_path.name, "timeout": 5.0}
    opened = open_state(Settings.model_validate({"engine": request.param, **url, **prefix}), tmp_path)
    yield opened
    await opened.close()


async def test_values_are_kept_replaced_and_removed(state: State) -> None:
    assert await state.get(b"a") is None
    await state.put(b"a", b"1")
    await state.put(b"a", b"2")
    assert await state.get(b"a") == b"2"
    assert await state.delete(b"a")
    assert not await state.delete(b"a")
    assert await state.get(b"a") is None


async def test_values_expire(state: State) -> None:
    await state.put(b"short", b"1", 0.05)
    await state.put(b"long", b"1", 60)
    assert await state.get(b"short") == b"1"
    await asyncio.sleep(0.1)
    assert await state.get(b"short") is None
    assert not await state.delete(b"short")
    assert await state.get(b"long") == b"1"


async def test_add_stores_only_what_is_new(state: State) -> None:
    assert await state.add(b"a", b"1", 0.05)
    assert not await state.add(b"a", b"2")
    await asyncio.sleep(0.1)
    assert await state.add(b"a", b"3")
    assert await state.get(b"a") == b"3"


async def test_compare_and_set_needs_the_expected_value(state: State) -> None:
    assert not await state.compare_and_set(b"a", b"1", b"2")
    await state.put(b"a", b"1")
    assert await state.compare_and_set(b"a", b"1", b"2", 60)
    assert not await state.compare_and_set(b"a", b"1", b"3")
    assert await state.get(b"a") == b"2"


async def test_counters_count_until_they_expire(state: State) -> None:
    assert await state.increment(b"n", 5, 0.2) == 5
    assert await state.increment(b"n") == 6
    assert await state.increment(b"n", -2) == 4
    await asyncio.sleep(0.25)
    assert await state.increment(b"n") == 1


async def test_long_keys_are_kept_apart(state: State) -> None:
    first, second = b"k" * 2000 + b"1", b"k" * 2000 + b"2"
    await state.put(first, b"1")
    await state.put(second, b"2")
    assert (await state.get(first), await state.get(second)) == (b"1", b"2")


async def test_a_scan_finds_what_lives_under_a_prefix(state: State) -> None:
    for number in range(1200):
        await state.put(b"x/%d" % number, b"%d" % number, 60 if number % 2 else None)
    await state.put(b"y/1", b"other")
    await state.put(b"x/gone", b"", 0.01)
    await asyncio.sleep(0.05)
    found = {entry.key: entry async for entry in state.scan(b"x/")}
    assert set(found) == {b"x/%d" % number for number in range(1200)}
    assert found[b"x/2"].expires is None
    assert found[b"x/3"].expires == pytest.approx(time.time() + 60, abs=20)


async def test_a_feed_is_read_in_order_from_a_cursor(state: State) -> None:
    for number in range(5):
        await state.publish(b"topic", b"%d" % number, 60)
    await state.publish(b"other", b"x", 60)
    items = await state.read(b"topic", None)
    assert [item.payload for item in items] == [b"0", b"1", b"2", b"3", b"4"]
    assert [item.payload for item in await state.read(b"topic", items[2].cursor)] == [b"3", b"4"]
    assert [item.payload for item in await state.read(b"topic", None, 2)] == [b"0", b"1"]
    assert await state.read(b"topic", items[-1].cursor) == []


async def test_slots_are_limited_and_come_back_with_their_lease(state: State) -> None:
    assert await state.acquire(b"k", b"one", 2, 60)
    assert await state.acquire(b"k", b"two", 2, 0.1)
    assert not await state.acquire(b"k", b"three", 2, 60)
    await asyncio.sleep(0.15)
    assert await state.acquire(b"k", b"three", 2, 60)
    await state.release(b"k", b"one")
    await state.release(b"k", b"one")
    assert await state.acquire(b"k", b"four", 2, 60)
    assert not await state.acquire(b"k", b"five", 2, 60)


async def test_a_bucket_gives_its_burst_and_then_its_rate(state: State) -> None:
    limit = [GcraLimit(b"g", 10, 1.0, 5)]
    now = time.time()
    allowed = [(await state.gcra(limit, now))[0].allowed for _ in range(7)]
    assert allowed == [True] * 5 + [False] * 2
    refused = (await state.gcra(limit, now))[0]
    assert refused.retry_after == pytest.approx(0.1, abs=0.001)
    assert refused.remaining == 0
    assert (await state.gcra(limit, now + 0.1001))[0].allowed
    assert (await state.gcra(limit, now + 10))[0].remaining == 4


async def test_several_buckets_give_all_or_nothing(state: State) -> None:
    wide, narrow = GcraLimit(b"wide", 100, 1.0, 100), GcraLimit(b"narrow", 1, 1.0, 1)
    now = time.time()
    assert [result.allowed for result in await state.gcra([wide, narrow], now)] == [True, True]
    results = await state.gcra([wide, narrow], now)
    assert [result.allowed for result in results] == [True, False]
    assert results[0].remaining == 99  # the refusal took nothing


async def test_many_at_once_get_no_more_than_the_burst(state: State) -> None:
    limit = [GcraLimit(b"busy", 1, 3600.0, 50)]
    results = await asyncio.gather(*(state.gcra(limit) for _ in range(120)))
    assert sum(result[0].allowed for result in results) == 50


def _hammer(directory: str, count: int, answer: multiprocessing.Queue[int]) -> None:
    async def run() -> int:
        state = open_state(Settings(), Path(directory))
        taken = 0
        for _ in range(count):
            taken += (await state.gcra([GcraLimit(b"shared", 1, 3600.0, 1000)]))[0].allowed
        await state.close()
        return taken

    answer.put(asyncio.run(run()))


def test_processes_share_a_bucket_exactly(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    answer: multiprocessing.Queue[int] = spawn.Queue()
    workers = [spawn.Process(target=_hammer, args=(str(tmp_path), 600, answer)) for _ in range(3)]
    for worker in workers:
        worker.start()
    taken = [answer.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(30)
    answer.close()
    answer.join_thread()
    assert sum(taken) == 1000


def _write_until_killed(directory: str) -> None:
    async def run() -> None:
        state = open_state(Settings(), Path(directory))
        while True:
            await state.increment(b"n")

    asyncio.run(run())


async def test_a_process_killed_in_the_middle_stops_nobody(tmp_path: Path) -> None:
    state = open_state(Settings(), tmp_path)
    spawn = multiprocessing.get_context("spawn")
    for _ in range(3):
        victim = spawn.Process(target=_write_until_killed, args=(str(tmp_path),))
        victim.start()
        before = await state.increment(b"n", 0)
        while await state.increment(b"n", 0) < before + 50:  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.005)
        os.kill(victim.pid or 0, signal.SIGKILL)
        victim.join(10)
        victim.close()
        count = await state.increment(b"n")
        assert await state.increment(b"n") == count + 1
    assert await state.sweep() == 0
    await state.close()


async def test_a_sweep_removes_what_has_expired(tmp_path: Path) -> None:
    state = open_state(Settings(), tmp_path)
    for number in range(50):
        await state.put(b"gone/%d" % number, b"", 0.01)
    await state.put(b"stays", b"1", 60)
    await state.put(b"moved", b"1", 0.01)
    await state.put(b"moved", b"2", 60)
    await asyncio.sleep(0.05)
    assert await state.sweep() == 50
    assert await state.sweep() == 0
    assert (await state.get(b"stays"), await state.get(b"moved")) == (b"1", b"2")
    await state.close()


async def test_a_full_state_says_what_to_raise(tmp_path: Path) -> None:
    state = open_state(Settings.model_validate({"map_size": 2**20}), tmp_path)

    async def fill() -> None:
        for number in range(10_000):
            await state.put(b"%d" % number, b"x" * 1000)

    with pytest.raises(StateError, match=r"storage\.state\.map_size"):
        await fill()
    assert await state.get(b"0") == b"x" * 1000
    await state.close()


async def test_a_server_that_is_gone_is_a_state_error_without_its_password(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        url = server.url.replace("redis://", "valkey://:s3cret@")
        state = open_state(Settings.model_validate({"engine": "valkey", "url": url, "timeout": 0.2}), tmp_path)
    with pytest.raises(StateError) as caught:
        await state.get(b"a")
    assert "s3cret" not in str(caught.value)
    await state.close()


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.lists(st.floats(0, 0.5, allow_nan=False), min_size=1, max_size=60))
def test_no_stretch_of_time_gets_more_than_burst_and_rate(rate: int, burst: int, gaps: list[float]) -> None:
    limit = GcraLimit(b"", rate, 1.0, burst)
    now, tat = 1000.0, None
    taken: list[float] = []
    for gap in gaps:
        now += gap
        new, allowed, wait = decide(limit, tat, now)
        assert allowed == (wait <= 1e-9)
        if allowed:
            tat = new
            taken.append(now)
    for begin in range(len(taken)):
        for end in range(begin, len(taken)):
            assert end - begin + 1 <= burst + rate * (taken[end] - taken[begin]) + 1e-6

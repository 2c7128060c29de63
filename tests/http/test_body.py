from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.errors import ClientGone
from bartizan.http.body import HIGH_WATER, Body

CHUNKS = st.lists(st.binary(min_size=1, max_size=64), max_size=20)


async def started(work: Coroutine[Any, Any, bytes]) -> asyncio.Task[bytes]:
    """Return the work as a task that has run until it waits."""
    task = asyncio.create_task(work)
    await asyncio.sleep(0)
    return task


async def read_all(body: Body) -> bytes:
    data = b""
    while piece := await body.read():
        data += piece
    return data


async def test_a_complete_body() -> None:
    body = Body.of(b"data")
    assert body.complete
    assert not body.finished
    assert await body.read() == b"data"
    assert body.finished
    assert await body.read() == b""


async def test_an_empty_body_is_finished_at_once() -> None:
    body = Body.of()
    assert body.finished
    assert await body.read() == b""
    assert await body.hold(10) == b""


async def test_trailers_come_with_the_end() -> None:
    body = Body()
    body.feed(b"data")
    assert body.trailers == []
    body.end([(b"digest", b"x")])
    assert body.trailers == [(b"digest", b"x")]


async def test_reading_waits_for_the_producer() -> None:
    body = Body()
    reading = await started(body.read())
    assert not reading.done()
    body.feed(b"one")
    body.feed(b"two")
    assert await reading == b"onetwo"
    reading = await started(body.read())
    body.end()
    assert await reading == b""


async def test_what_came_before_a_failure_can_be_read_and_then_it_is_raised_for_good() -> None:
    body = Body()
    body.feed(b"data")
    body.fail(ClientGone("gone"))
    assert await body.read() == b"data"
    for _ in range(2):
        with pytest.raises(ClientGone):
            await body.read()
    with pytest.raises(ClientGone):
        await body.hold(10)


@pytest.mark.parametrize("consume", [Body.read, lambda body: body.hold(100)])
async def test_a_waiting_consumer_hears_of_a_failure(consume: Callable[[Body], Coroutine[Any, Any, bytes]]) -> None:
    body = Body()
    waiting = await started(consume(body))
    body.fail(ClientGone("gone"))
    with pytest.raises(ClientGone):
        await waiting


async def test_the_first_failure_counts_and_none_after_the_end() -> None:
    body = Body()
    first = ClientGone("first")
    body.fail(first)
    body.fail(ClientGone("second"))
    assert body.error is first
    ended = Body.of(b"data")
    ended.fail(first)
    assert ended.error is None
    assert await ended.read() == b"data"


async def test_a_second_consumer_is_refused_and_the_first_goes_on() -> None:
    body = Body()
    first = await started(body.read())
    with pytest.raises(RuntimeError, match="one consumer"):
        await body.read()
    body.feed(b"data")
    assert await first == b"data"


async def test_a_cancelled_reader_takes_nothing_along() -> None:
    body = Body()
    reading = await started(body.read())
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    body.feed(b"data")
    assert await body.read() == b"data"


async def test_the_producer_pauses_at_high_water_and_resumes_when_all_is_taken() -> None:
    resumed: list[bool] = []
    body = Body(lambda: resumed.append(True))
    assert body.feed(b"x" * (HIGH_WATER - 1))
    assert not body.feed(b"x")
    assert not body.feed(b"x")
    assert resumed == []
    assert len(await body.read()) == HIGH_WATER + 1
    assert resumed == [True]
    assert body.take() == b""
    assert resumed == [True]


async def test_holding_returns_what_waits_and_consumes_nothing() -> None:
    body = Body()
    holding = await started(body.hold(6))
    body.feed(b"abc")
    await asyncio.sleep(0)
    assert not holding.done()
    body.feed(b"defgh")
    assert await holding == b"abcdefgh"
    body.end()
    assert await body.hold(100) == b"abcdefgh"
    assert await read_all(body) == b"abcdefgh"


async def test_holding_ends_with_a_body_shorter_than_the_limit() -> None:
    body = Body()
    holding = await started(body.hold(100))
    body.feed(b"abc")
    body.end()
    assert await holding == b"abc"


async def test_holding_more_than_high_water_lets_a_paused_producer_go_on_up_to_the_limit() -> None:
    resumed: list[bool] = []
    body = Body(lambda: resumed.append(True))
    assert not body.feed(b"x" * HIGH_WATER)
    holding = await started(body.hold(HIGH_WATER * 2))
    assert resumed == [True]
    assert body.feed(b"x" * (HIGH_WATER - 1))
    assert not body.feed(b"x")
    assert len(await holding) == HIGH_WATER * 2
    assert body.buffered == HIGH_WATER * 2


@given(CHUNKS, st.lists(st.integers(0, 200), max_size=6))
async def test_whoever_looks_first_what_is_read_is_what_was_fed(chunks: list[bytes], holds: list[int]) -> None:
    body = Body()

    async def produce() -> None:
        for chunk in chunks:
            body.feed(chunk)
            await asyncio.sleep(0)
        body.end()

    producing = asyncio.create_task(produce())
    whole = b"".join(chunks)
    for limit in holds:
        held = await body.hold(limit)
        assert whole.startswith(held)
        assert len(held) >= min(limit, len(whole))
        assert body.buffered == len(held)
    assert await read_all(body) == whole
    assert body.received == len(whole)
    assert body.buffered == 0
    await producing


@given(st.lists(st.one_of(st.integers(1, HIGH_WATER), st.just("take"), st.just("peek")), max_size=12))
async def test_the_producer_is_told_to_pause_exactly_while_high_water_is_reached(steps: list[int | str]) -> None:
    resumed = 0

    def resume() -> None:
        nonlocal resumed
        resumed += 1

    body = Body(resume)
    waiting = pauses = 0
    paused = False
    for step in steps:
        if isinstance(step, int):
            waiting += step
            now_paused = not body.feed(bytes(step))
            assert now_paused == (waiting >= HIGH_WATER)
            pauses += now_paused and not paused
            paused = now_paused
        elif step == "take":
            assert len(body.take()) == waiting
            waiting, paused = 0, False
        else:
            assert len(body.peek()) == waiting
        assert body.buffered == waiting
        assert resumed == pauses - paused


async def test_the_producer_is_told_when_the_consumer_begins_and_stops_to_wait() -> None:
    told: list[bool] = []
    body = Body(None, told.append)
    body.feed(b"a")
    assert await body.read() == b"a"
    assert told == []
    reading = asyncio.create_task(body.read())
    await asyncio.sleep(0)
    assert told == [True]
    body.feed(b"b")
    assert await reading == b"b"
    assert told == [True, False]
    holding = asyncio.create_task(body.hold(5))
    await asyncio.sleep(0)
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding
    assert told == [True, False, True, False]


async def test_a_body_that_waits_whole_can_be_replaced() -> None:
    body = Body()
    body.feed(b"one")
    body.feed(b"two")
    body.end()
    body.replace(b"another")
    assert (body.buffered, body.peek()) == (7, b"another")
    assert await body.read() == b"another"
    assert await body.read() == b""


async def test_a_body_that_is_not_whole_or_not_unread_cannot_be_replaced() -> None:
    growing = Body()
    growing.feed(b"one")
    with pytest.raises(RuntimeError):
        growing.replace(b"another")
    read = Body.of(b"one")
    await read.read()
    with pytest.raises(RuntimeError):
        read.replace(b"another")

import asyncio
import threading

import pytest

from bartizan.access.passwords.threads import HashingLanes, HashingThreads
from bartizan.errors import TooManyAttempts


def test_no_more_run_at_once_than_there_are_threads() -> None:
    lock, running, most = threading.Lock(), 0, 0
    together = threading.Barrier(2, timeout=30)

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait()
        with lock:
            running -= 1

    with HashingThreads(2) as threads:
        for future in [threads.submit(work) for _ in range(8)]:
            future.result(30)
    assert most == 2


async def test_what_would_wait_too_long_is_refused_and_places_come_back() -> None:
    go = threading.Event()
    loop = asyncio.get_running_loop()
    with HashingThreads(1, waiting=2) as threads:
        under_way = [loop.run_in_executor(threads, go.wait, 30) for _ in range(3)]
        with pytest.raises(TooManyAttempts):
            loop.run_in_executor(threads, go.wait)
        go.set()
        assert await asyncio.gather(*under_way) == [True, True, True]
        assert await loop.run_in_executor(threads, go.wait)


async def test_a_place_comes_back_when_whoever_waits_goes_away() -> None:
    go = threading.Event()
    loop = asyncio.get_running_loop()
    with HashingThreads(1, waiting=1) as threads:
        first = loop.run_in_executor(threads, go.wait, 30)
        second = loop.run_in_executor(threads, go.wait, 30)
        second.cancel()
        await asyncio.sleep(0)
        third = loop.run_in_executor(threads, go.wait, 30)
        go.set()
        assert await asyncio.gather(first, third) == [True, True]


def test_errors_come_out_and_give_the_place_back() -> None:
    with HashingThreads(1, waiting=1) as threads:
        for _ in range(5):
            with pytest.raises(ZeroDivisionError):
                threads.submit(lambda: 1 / 0).result(30)
    with pytest.raises(RuntimeError):
        threads.submit(int)


async def test_nobody_who_is_known_waits_behind_guesses() -> None:
    go = threading.Event()
    loop = asyncio.get_running_loop()
    lanes = HashingLanes(HashingThreads(1, waiting=1), HashingThreads(1, waiting=1))
    guesses = [loop.run_in_executor(lanes.guesses, go.wait, 30) for _ in range(2)]
    with pytest.raises(TooManyAttempts):
        loop.run_in_executor(lanes.guesses, go.wait)
    assert await loop.run_in_executor(lanes.known, int) == 0
    go.set()
    assert await asyncio.gather(*guesses) == [True, True]
    lanes.shutdown()
    with pytest.raises(RuntimeError):
        lanes.known.submit(int)

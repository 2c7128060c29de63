import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from bartizan.process.alarm import Alarm


@pytest.fixture
async def alarm() -> AsyncIterator[Alarm]:
    made = Alarm(asyncio.get_running_loop())
    yield made
    made.close()


async def test_nobody_is_woken_before_their_time(alarm: Alarm) -> None:
    due = time.monotonic() + 0.0123
    await alarm.until(due)
    assert time.monotonic() >= due


async def test_what_is_over_is_not_waited_for(alarm: Alarm) -> None:
    await asyncio.wait_for(alarm.until(time.monotonic() - 1), 5)


async def test_all_are_woken_in_the_order_of_their_times(alarm: Alarm) -> None:
    woken: list[int] = []
    now = time.monotonic()

    async def wait(number: int) -> None:
        await alarm.until(now + number / 1000)
        woken.append(number)

    await asyncio.gather(*(wait(number) for number in (30, 10, 20, 10, 5)))
    assert woken == [5, 10, 10, 20, 30]


async def test_who_gives_up_keeps_nobody_else_waiting(alarm: Alarm) -> None:
    now = time.monotonic()
    first = asyncio.create_task(alarm.until(now + 0.005))
    second = asyncio.create_task(alarm.until(now + 0.02))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait_for(second, 5)
    assert time.monotonic() >= now + 0.02


async def test_at_the_end_nobody_waits_on() -> None:
    alarm = Alarm(asyncio.get_running_loop())
    waiting = asyncio.create_task(alarm.until(time.monotonic() + 100))
    await asyncio.sleep(0)
    alarm.close()
    alarm.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_what_is_done_takes_no_longer_than_until_it_is_due(alarm: Alarm) -> None:
    for _ in range(20):
        due = time.monotonic() + 0.0008
        if await alarm.about(due):
            alarm.over(due)
    assert 0 < alarm.lag < 0.001
    alarm.lag = 0.1
    before = time.monotonic()
    assert await asyncio.wait_for(alarm.about(before + 0.11), 5)
    assert time.monotonic() >= before + 0.01
    assert not await asyncio.wait_for(alarm.about(before + 0.1), 5)
    alarm.over(before - 100)  # a busy loop says nothing
    assert alarm.lag == 0.1

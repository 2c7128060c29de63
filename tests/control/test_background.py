from __future__ import annotations

import asyncio

import pytest
import structlog
from structlog.testing import capture_logs

from bartizan.control import background
from bartizan.control.background import Background

SECRET = "hunter2"


async def test_it_is_done_soon() -> None:
    later, done = Background(structlog.get_logger()), asyncio.Event()

    async def work() -> None:
        done.set()

    later(work())
    await asyncio.wait_for(done.wait(), 5)
    await later.close(1.0)


async def test_what_fails_is_logged_without_what_it_says() -> None:
    later = Background(structlog.get_logger())

    async def fails() -> None:
        raise ValueError(SECRET)

    with capture_logs() as logs:
        later(fails())
        await later.close(5.0)
    assert [(entry["event"], entry["error"]) for entry in logs] == [("not done after an answer", "ValueError")]
    assert SECRET not in str(logs)


async def test_what_does_not_end_is_ended() -> None:
    later = Background(structlog.get_logger())
    ended: list[bool] = []

    async def for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    later(for_ever())
    await later.close(0.01)
    assert ended == [True]


async def test_what_is_too_much_is_left_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "MOST", 2)
    later, go, done = Background(structlog.get_logger()), asyncio.Event(), list[int]()

    async def work(number: int) -> None:
        await go.wait()
        done.append(number)

    with capture_logs() as logs:
        for number in range(3):
            later(work(number))
    go.set()
    await later.close(5.0)
    assert done == [0, 1]
    assert len(logs) == 1

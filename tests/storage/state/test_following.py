"""A replica has what was there, what comes, and keeps it while the state is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from structlog import get_logger
from structlog.testing import capture_logs

from bartizan.config.model import State as Settings
from bartizan.storage.state import State, open_state
from bartizan.storage.state.following import Followed, Following


def take(held: dict[str, str], data: bytes) -> None:
    name, equals, value = data.decode("utf-8").partition("=")
    if not equals:
        raise ValueError("no pair")
    held[name] = value


PAIRS: Followed[dict[str, str]] = Followed("pairs", b"pair/", b"pairs", dict, take, take, poll=0.01)


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    opened = open_state(Settings(), tmp_path)
    yield opened
    await opened.close()


async def test_it_has_what_was_there_and_what_came_since(state: State) -> None:
    await state.put(b"pair/a", b"a=1")
    await state.publish(b"pairs", b"a=2", 60.0)
    pairs = Following(state, get_logger(), PAIRS)
    await pairs.load()
    assert pairs.held == {"a": "2"}
    await state.publish(b"pairs", b"b=3", 60.0)
    await pairs.catch_up()
    assert pairs.held == {"a": "2", "b": "3"}


async def test_a_new_scan_forgets_what_is_not_there_any_more(state: State) -> None:
    await state.put(b"pair/a", b"a=1")
    pairs = Following(state, get_logger(), PAIRS)
    await pairs.load()
    await state.delete(b"pair/a")
    await pairs.load()
    assert pairs.held == {}


async def test_what_cannot_be_read_is_told_and_stops_nothing(state: State) -> None:
    await state.put(b"pair/a", b"nothing")
    await state.put(b"pair/b", b"b=1")
    await state.publish(b"pairs", b"\xff", 60.0)
    await state.publish(b"pairs", b"c=2", 60.0)
    pairs = Following(state, get_logger(), PAIRS)
    with capture_logs() as logs:
        await pairs.load()
    assert pairs.held == {"b": "1", "c": "2"}
    assert [each["event"] for each in logs] == ["one of pairs cannot be read, it has no effect"] * 2


async def test_who_follows_without_having_loaded_has_what_was_there(state: State) -> None:
    await state.put(b"pair/a", b"a=1")
    pairs = Following(state, get_logger(), PAIRS)
    following = asyncio.create_task(pairs.follow())
    await until(lambda: pairs.held == {"a": "1"})
    await state.publish(b"pairs", b"b=2", 60.0)
    await until(lambda: pairs.held == {"a": "1", "b": "2"})
    following.cancel()


async def test_what_is_known_stays_while_the_state_is_away(tmp_path: Path) -> None:
    state = open_state(Settings(), tmp_path)
    await state.put(b"pair/a", b"a=1")
    pairs = Following(state, get_logger(), PAIRS)
    await pairs.load()
    await state.close()
    with capture_logs() as logs:
        following = asyncio.create_task(pairs.follow())
        await until(lambda: bool(logs))
        await asyncio.sleep(0.05)
    following.cancel()
    assert pairs.held == {"a": "1"}
    assert [each["event"] for each in logs] == ["pairs cannot be read, what is known stays in force"]


async def test_it_tells_when_it_is_up_to_date_and_lets_go_of_the_old_one_in_pieces(state: State) -> None:
    settled: list[int] = []

    def shrink(held: dict[str, str]) -> bool:
        held.popitem()
        return bool(held)

    for number in range(3):
        await state.put(b"pair/%d" % number, b"%d=1" % number)
    followed = replace(
        PAIRS, settled=lambda held: settled.append(len(held)), shrink=lambda held: bool(held) and shrink(held)
    )
    pairs = Following(state, get_logger(), followed)
    await pairs.load()
    old = pairs.held
    await pairs.catch_up()
    await pairs.load()
    assert settled == [3, 3, 3]
    assert (old, len(pairs.held)) == ({}, 3)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is true; raises ``TimeoutError``."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - it polls
            await asyncio.sleep(0.01)

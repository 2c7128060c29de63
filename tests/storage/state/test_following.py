"""A replica has what was there, what comes, and keeps it while the state is away."""

from __future__ import annotations

from collections.abc import AsyncIterator
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


PAIRS: Followed[dict[str, str]] = Followed("pairs", b"pair/", b"pairs", dict, take, take)


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

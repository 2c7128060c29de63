"""A POST that waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.sessions import Clock

from bartizan.access.held import HELD_FOR, HeldRequest, hold, release
from bartizan.storage.state.lmdb_engine import LmdbState

REQUEST = HeldRequest("principal-1", "/transfers?x=1", "application/x-www-form-urlencoded", b"amount=2000&to=bob")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def state(tmp_path: Path, clock: Clock) -> AsyncIterator[LmdbState]:
    opened = LmdbState(tmp_path, 2**24, clock)
    yield opened
    await opened.close()


async def test_it_comes_back_once(state: LmdbState) -> None:
    cookie = await hold(state, REQUEST)
    answers = await asyncio.gather(*(release(state, cookie, "principal-1") for _ in range(4)))
    assert [answer for answer in answers if answer is not None] == [REQUEST]
    assert await release(state, cookie, "principal-1") is None


async def test_it_comes_back_to_nobody_else(state: LmdbState) -> None:
    cookie = await hold(state, REQUEST)
    assert await release(state, cookie, "principal-2") is None
    assert await release(state, cookie, "principal-1") == REQUEST


async def test_what_is_kept_cannot_be_read_without_the_cookie(state: LmdbState) -> None:
    cookie = await hold(state, REQUEST)
    kept = b"".join([entry.key + entry.value async for entry in state.scan(b"")])
    assert b"amount" not in kept
    assert b"transfers" not in kept
    name, _, key = cookie.partition(".")
    other = await hold(state, REQUEST)
    assert await release(state, f"{name}.{other.partition('.')[2]}", "principal-1") is None
    assert await release(state, f"{name}.{key[:-4]}", "principal-1") is None


async def test_it_is_gone_after_a_while(state: LmdbState, clock: Clock) -> None:
    cookie = await hold(state, REQUEST)
    clock.forward(HELD_FOR)
    assert await release(state, cookie, "principal-1") is None


@given(st.text(max_size=300))
def test_any_cookie_may_come(cookie: str) -> None:
    class Empty:
        async def get(self, key: bytes) -> bytes | None:
            return b"0" * 60

    assert asyncio.run(release(Empty(), cookie, "principal-1")) is None  # type: ignore[arg-type]

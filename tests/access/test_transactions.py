"""What is under way is changed by one request at a time, and found by its token alone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.sessions import Clock

from bartizan.access.transactions import Transactions
from bartizan.errors import AccessError
from bartizan.storage.state.lmdb_engine import LmdbState


class Guesses(msgspec.Struct, frozen=True):
    left: int
    made: int = 0


class Interleaved:
    """A state whose every operation lets others go first, as one across a network does."""

    def __init__(self, state: LmdbState) -> None:
        self._state = state

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._state, name)

        async def later(*arguments: Any) -> Any:
            await asyncio.sleep(0)
            done = await method(*arguments)
            await asyncio.sleep(0)
            return done

        return later


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def state(tmp_path: Path, clock: Clock) -> AsyncIterator[LmdbState]:
    state = LmdbState(tmp_path, 2**24, clock)
    yield state
    await state.close()


@pytest.fixture
def guesses(state: LmdbState, clock: Clock) -> Transactions[Guesses]:
    return Transactions(Interleaved(state), Guesses, b"test/", 600.0, clock)  # type: ignore[arg-type]


def pay(guesses: Guesses) -> Guesses:
    if not guesses.left:
        raise AccessError("no_attempts_left", "None is left.")
    return Guesses(guesses.left - 1, guesses.made + 1)


async def test_token_finds_what_it_stands_for(guesses: Transactions[Guesses]) -> None:
    token, _ = await guesses.begin(Guesses(3))

    found = await guesses.find(token)

    assert found is not None
    assert found.value == Guesses(3)


@pytest.mark.parametrize("token", [None, "", "a" * 43, "\ud800" * 43, "a" * 5000])
async def test_other_tokens_find_nothing(guesses: Transactions[Guesses], token: str | None) -> None:
    await guesses.begin(Guesses(3))

    assert await guesses.find(token) is None


async def test_state_does_not_know_the_token(guesses: Transactions[Guesses], state: LmdbState) -> None:
    token, _ = await guesses.begin(Guesses(3))

    entries = [entry async for entry in state.scan(b"")]

    assert len(entries) == 1
    assert not any(token.encode() in entry.key + entry.value for entry in entries)


async def test_guesses_at_the_same_time_are_no_more_than_allowed(guesses: Transactions[Guesses]) -> None:
    token, _ = await guesses.begin(Guesses(3))

    async def guess() -> bool:
        underway = await guesses.find(token)
        assert underway is not None
        try:
            await guesses.change(underway, pay)
        except AccessError:
            return False
        return True

    done = await asyncio.gather(*(guess() for _ in range(20)))

    assert sum(done) <= 3
    found = await guesses.find(token)
    assert found is not None
    assert found.value.made == sum(done)


async def test_of_many_that_finish_one_does(guesses: Transactions[Guesses]) -> None:
    token, _ = await guesses.begin(Guesses(1))

    async def finish() -> bool:
        underway = await guesses.find(token)
        try:
            if underway is not None:
                await guesses.finish(underway, pay)
                return True
        except AccessError:
            pass
        return False

    assert sum(await asyncio.gather(*(finish() for _ in range(20)))) == 1
    assert await guesses.find(token) is None


async def test_it_ends_by_its_time_however_often_it_changes(guesses: Transactions[Guesses], clock: Clock) -> None:
    token, underway = await guesses.begin(Guesses(30))
    for _ in range(5):
        clock.forward(110)
        await guesses.change(underway, pay)

    clock.forward(60)

    assert await guesses.find(token) is None
    with pytest.raises(AccessError) as refused:
        await guesses.change(underway, pay)
    assert refused.value.code == "login_expired"


async def test_what_was_dropped_is_gone(guesses: Transactions[Guesses]) -> None:
    token, _ = await guesses.begin(Guesses(3))

    await guesses.drop(token)
    await guesses.drop(None)

    assert await guesses.find(token) is None

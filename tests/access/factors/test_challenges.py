from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.support.redis import RedisServer
from tests.support.sessions import Clock

from bartizan.access.factors.challenges import LIFETIME, PER_TRANSACTION, Challenges
from bartizan.errors import FactorError, TooManyAttempts
from bartizan.storage.state.interface import State
from bartizan.storage.state.lmdb_engine import LmdbState
from bartizan.storage.state.valkey_engine import ValkeyState


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["lmdb", "valkey"])
async def either_state(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[State]:
    opened: State
    if request.param == "lmdb":
        opened = LmdbState(tmp_path / "either", 2**22)
    else:
        server = request.getfixturevalue("redis")
        opened = ValkeyState(server.url, timeout=5, key_prefix=tmp_path.name)
    yield opened
    await opened.close()


async def refuses(challenges: Challenges, *answer: object) -> bool:
    try:
        await challenges.spend(*answer)  # type: ignore[arg-type]
    except FactorError as error:
        return error.code == "challenge_expired"
    return False


async def test_a_challenge_is_32_bytes_and_never_the_same(challenges: Challenges) -> None:
    issued = {await challenges.issue("login", "transaction") for _ in range(10)}
    assert len(issued) == 10
    assert {len(challenge) for challenge in issued} == {32}


async def test_a_challenge_is_good_once_on_both_engines(either_state: State, clock: Clock) -> None:
    challenges = Challenges(either_state, clock)
    challenge = await challenges.issue("login", "transaction")
    await challenges.spend("login", "transaction", challenge)
    assert await refuses(challenges, "login", "transaction", challenge)


async def test_of_many_who_spend_one_at_once_one_succeeds(either_state: State, clock: Clock) -> None:
    challenges = Challenges(either_state, clock)
    challenge = await challenges.issue("login", "transaction")
    others = [Challenges(either_state, clock) for _ in range(20)]
    refusals = await asyncio.gather(*(refuses(other, "login", "transaction", challenge) for other in others))
    assert refusals.count(False) == 1


async def test_a_challenge_is_good_only_for_its_purpose_and_transaction(challenges: Challenges) -> None:
    challenge = await challenges.issue("login", "transaction")
    assert await refuses(challenges, "approve", "transaction", challenge)
    assert await refuses(challenges, "login", "another", challenge)
    assert await refuses(challenges, "login", "transaction", bytes(32))
    await challenges.spend("login", "transaction", challenge)


async def test_a_challenge_ends_after_five_minutes(challenges: Challenges, clock: Clock) -> None:
    early = await challenges.issue("login", "transaction")
    late = await challenges.issue("login", "transaction")
    clock.forward(LIFETIME - 1)
    await challenges.spend("login", "transaction", early)
    clock.forward(1)
    assert await refuses(challenges, "login", "transaction", late)


async def test_a_challenge_ends_by_the_clock_that_is_passed_in(either_state: State, clock: Clock) -> None:
    challenges = Challenges(either_state, clock)
    challenge = await challenges.issue("login", "transaction")
    clock.forward(LIFETIME)
    assert await refuses(challenges, "login", "transaction", challenge)


async def test_two_tabs_have_a_challenge_each(challenges: Challenges) -> None:
    first = await challenges.issue("login", "transaction")
    second = await challenges.issue("login", "transaction")
    await challenges.spend("login", "transaction", first)
    await challenges.spend("login", "transaction", second)


async def test_a_transaction_gets_no_end_of_challenges(challenges: Challenges, clock: Clock) -> None:
    for _ in range(PER_TRANSACTION):
        await challenges.issue("login", "transaction")
    with pytest.raises(TooManyAttempts):
        await challenges.issue("login", "transaction")
    await challenges.issue("login", "another")
    clock.forward(LIFETIME + 1)
    await challenges.issue("login", "transaction")

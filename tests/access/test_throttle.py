"""Throttling of logins, on both engines of the state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.support.redis import RedisServer

from bartizan.access.throttle import ConsecutiveFailures, LoginThrottle
from bartizan.config.model import LoginLimits
from bartizan.config.model import State as Settings
from bartizan.errors import AccessError, TooManyAttempts
from bartizan.storage.state import State, open_state

NOW = 1_800_000_000.0
LIMITS = LoginLimits(per_account=3, per_device=2, per_address=6, per_network=12)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(params=["lmdb", "valkey"])
async def state(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[State]:
    settings: dict[str, object] = {"engine": request.param}
    if request.param == "valkey":
        url = request.getfixturevalue("server").url
        settings |= {"url": url, "key_prefix": tmp_path.name, "timeout": 5.0}
    opened = open_state(Settings.model_validate(settings), tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def throttle(state: State) -> LoginThrottle:
    return LoginThrottle(state, LIMITS)


async def attempts(throttle: LoginThrottle, count: int, **changes: object) -> int:
    """Make attempts at the same time; return how many were let in."""
    facts: dict[str, object] = {"account": "ann", "device": None, "address": "192.0.2.7", "network": "192.0.2.0/24"}
    facts |= {"now": NOW} | changes
    made = [throttle.admit(**facts) for _ in range(count)]  # type: ignore[arg-type]
    outcomes = await asyncio.gather(*made, return_exceptions=True)
    assert all(outcome is None or isinstance(outcome, TooManyAttempts) for outcome in outcomes)
    return outcomes.count(None)


async def test_an_account_is_guessed_at_no_more_than_its_limit(throttle: LoginThrottle) -> None:
    assert await attempts(throttle, 3) == 3
    assert await attempts(throttle, 1, address="198.51.100.1", network="198.51.100.0/24") == 0


async def test_names_that_nobody_has_are_counted_alike(throttle: LoginThrottle) -> None:
    for name in ("ann", "nobody at all", "ж" * 128, "\ud800"):
        address = f"203.0.113.{len(name)}"
        assert await attempts(throttle, 5, account=name, address=address, network=name) == 3


async def test_nobody_locks_a_person_out_of_their_own_device(throttle: LoginThrottle) -> None:
    assert await attempts(throttle, 50) == 3
    assert await attempts(throttle, 50, account="bob") == 3
    for address in ("192.0.2.7", "198.51.100.1"):
        assert await attempts(throttle, 1, device="her device", address=address) == 1


async def test_a_trusted_device_has_a_limit_too(throttle: LoginThrottle) -> None:
    assert await attempts(throttle, 5, device="her device") == 2
    assert await attempts(throttle, 5, device="her other device") == 2


async def test_a_device_is_counted_by_account(throttle: LoginThrottle) -> None:
    assert await attempts(throttle, 5, device="one device") == 2
    assert await attempts(throttle, 5, device="one device", account="bob") == 2


async def test_what_a_trusted_device_does_is_not_taken_from_others(throttle: LoginThrottle) -> None:
    await attempts(throttle, 5, device="her device")
    assert await attempts(throttle, 3) == 3


async def test_an_address_tries_many_names_no_more_than_its_limit(throttle: LoginThrottle) -> None:
    let_in = [await attempts(throttle, 1, account=f"name {number}") for number in range(20)]
    assert sum(let_in) == 6


async def test_a_network_tries_no_more_than_its_limit(throttle: LoginThrottle) -> None:
    let_in = [
        await attempts(throttle, 1, account=f"name {number}", address=f"192.0.2.{number}") for number in range(40)
    ]
    assert sum(let_in) == 12


async def test_what_is_refused_is_not_counted_against_the_rest(throttle: LoginThrottle) -> None:
    assert await attempts(throttle, 40) == 3
    assert await attempts(throttle, 10, account="bob") == 3


async def test_attempts_come_back_with_time(throttle: LoginThrottle) -> None:
    assert await attempts(throttle, 4) == 3
    with pytest.raises(TooManyAttempts) as refused:
        await throttle.admit(account="ann", device=None, address="192.0.2.7", network="192.0.2.0/24", now=NOW)
    assert refused.value.retry_after == pytest.approx(300)
    assert await attempts(throttle, 4, now=NOW + 301) == 1
    assert await attempts(throttle, 4, now=NOW + 3000) == 3


async def test_guesses_at_the_same_time_are_no_more_than_one_after_the_other(throttle: LoginThrottle) -> None:
    assert await attempts(throttle, 100) == 3
    assert await attempts(throttle, 100, device="her device") == 2


async def test_clients_without_an_address_are_counted_by_account_only(throttle: LoginThrottle) -> None:
    assert await attempts(throttle, 5, address="", network="") == 3
    assert await attempts(throttle, 5, account="bob", address="", network="") == 3


async def test_names_are_not_to_be_read_in_the_state(throttle: LoginThrottle, state: State) -> None:
    seen: list[bytes] = []
    real = state.gcra

    class Watching:
        async def gcra(self, limits, now=None):
            seen.extend(limit.key for limit in limits)
            return await real(limits, now)

    await LoginThrottle(Watching(), LIMITS).admit(account="hunter2", device=None, address="192.0.2.7", network="n")  # type: ignore[arg-type]
    assert seen
    assert not any(b"hunter2" in key or b"192.0.2.7" in key for key in seen)


async def test_a_hundred_wrong_answers_in_a_row_lock_the_factor_on_that_device(state: State) -> None:
    failures = ConsecutiveFailures(state, LoginLimits(per_device=20))
    for _ in range(80):
        await failures.admit("ann", "totp", "her device")
        await failures.failed("ann", "totp", "her device")
    with pytest.raises(AccessError) as refused:
        await failures.admit("ann", "totp", "her device")
    assert refused.value.code == "factor_locked"
    await failures.admit("ann", "totp", "her other device")
    await failures.admit("ann", "password", "her device")
    await failures.admit("bob", "totp", "her device")


async def test_a_right_answer_lets_the_count_begin_anew(state: State) -> None:
    failures = ConsecutiveFailures(state, LoginLimits(per_device=1000))
    for _ in range(3):
        for _ in range(49):
            await failures.failed("ann", "password", "her device")
        await failures.admit("ann", "password", "her device")
        await failures.succeeded("ann", "password", "her device")


async def test_a_login_unlocks_what_was_locked_on_its_device(state: State) -> None:
    failures = ConsecutiveFailures(state, LoginLimits(per_device=1000))
    for device in ("her device", "her other device"):
        for factor in ("password", "totp"):
            for _ in range(50):
                await failures.failed("ann", factor, device)
    await failures.logged_in("ann", "her device")
    for factor in ("password", "totp"):
        await failures.admit("ann", factor, "her device")
        with pytest.raises(AccessError):
            await failures.admit("ann", factor, "her other device")


async def test_guesses_in_flight_never_make_more_than_a_hundred(state: State) -> None:
    failures, wrong = ConsecutiveFailures(state, LoginLimits(per_device=20)), 0

    async def guess() -> None:
        nonlocal wrong
        await failures.admit("ann", "totp", "her device")
        await asyncio.sleep(0)
        await failures.failed("ann", "totp", "her device")
        wrong += 1

    for _ in range(20):
        await asyncio.gather(*(guess() for _ in range(20)), return_exceptions=True)
    assert 80 <= wrong <= 100

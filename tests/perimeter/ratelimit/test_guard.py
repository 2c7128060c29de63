"""The rate limit guard, with a real state behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bartizan.config.model import RateLimit as Settings
from bartizan.config.model import Route
from bartizan.config.model import State as StateSettings
from bartizan.http.headers import Headers
from bartizan.http.message import Request, Response
from bartizan.perimeter.ratelimit import RateLimit
from bartizan.pipeline import Client, Connection, Exchange, Throttle, TlsInfo
from bartizan.storage.state import State, open_state


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    opened = open_state(StateSettings(), tmp_path)
    yield opened
    await opened.close()


def guard(state: State, route: str = "api", *, own: bool = False, **settings: Any) -> RateLimit:
    parsed = Settings.model_validate(settings)
    overrides = {"guards": {"rate_limit": {"windows": settings["windows"]}}} if own else {}
    return RateLimit(parsed, Route.model_validate({"name": route, "upstream": "x", **overrides}), state, b"worker")


def exchange(address: int = 1, ja4: str | None = None, **headers: str) -> Exchange:
    client = Client(f"192.0.2.{address}", 1, 4, 0xC0000200 + address)
    tls = None if ja4 is None else TlsInfo("TLSv1.3", "x", ja4=ja4)
    request = Request("GET", b"/", Headers.of((name.replace("_", "-"), value) for name, value in headers.items()))
    made = Exchange("0" * 32, request, Connection("main", "http", client, "", tls), client, received=0.0, started=0.0)
    made.response = Response(200, Headers())
    return made


async def verdicts(limiter: RateLimit, *exchanges: Exchange) -> list[bool]:
    """Return whether each exchange passes."""
    return [await limiter.on_request(each) is None for each in exchanges]


async def test_what_exceeds_a_window_is_throttled_with_a_signal(state: State) -> None:
    limiter = guard(state, windows=[{"rate": "2/h", "name": "hourly"}])
    assert await verdicts(limiter, exchange(), exchange()) == [True, True]
    refused = exchange()
    verdict = await limiter.on_request(refused)
    assert isinstance(verdict, Throttle)
    assert 1700 < verdict.retry_after <= 1800
    assert "hourly" in verdict.because
    assert dict(verdict.headers)[b"ratelimit-policy"] == b'"hourly";q=2;w=3600'
    assert [signal.name for signal in refused.signals] == ["rate_limit.exceeded"]
    assert await verdicts(limiter, exchange(address=2)) == [True]


async def test_headers_tell_how_the_windows_stand(state: State) -> None:
    limiter = guard(state, windows=[{"rate": "10/h", "name": "a"}, {"rate": "5/m", "name": "b"}])
    passing = exchange()
    assert await limiter.on_request(passing) is None
    assert await limiter.on_response(passing) is None
    assert passing.response is not None
    assert passing.response.headers.get(b"ratelimit") == b'"a";r=9;t=360, "b";r=4;t=12'
    assert not hasattr(guard(state, windows=[{"rate": "1/s"}], headers=False), "on_response")


@pytest.mark.parametrize(
    ("key", "same", "other"),
    [
        (["network"], (exchange(1), exchange(200)), None),
        (["header:X-Api-Key"], (exchange(1, x_api_key="k"), exchange(2, x_api_key="k")), exchange(1, x_api_key="l")),
        (["ja4"], (exchange(1, "t13"), exchange(2, "t13")), exchange(1, "t12")),
        (
            ["address", "header:X-Tenant"],
            (exchange(1, x_tenant="a"), exchange(1, x_tenant="a")),
            exchange(1, x_tenant="b"),
        ),
        (["header:X-Api-Key"], (exchange(1), exchange(1)), exchange(2)),
    ],
)
async def test_keys_say_what_is_counted_together(
    state: State, key: list[str], same: tuple[Exchange, Exchange], other: Exchange | None
) -> None:
    limiter = guard(state, windows=[{"rate": "1/h", "key": key}])
    assert await verdicts(limiter, *same) == [True, False]
    if other is not None:
        assert await verdicts(limiter, other) == [True]


async def test_inherited_windows_are_counted_over_routes_and_own_ones_per_route(state: State) -> None:
    windows = [{"rate": "1/h"}]
    shared = [guard(state, "one", windows=windows), guard(state, "two", windows=windows)]
    assert [await verdicts(limiter, exchange()) for limiter in shared] == [[True], [False]]
    own = [guard(state, "one", own=True, windows=windows), guard(state, "two", own=True, windows=windows)]
    assert [await verdicts(limiter, exchange()) for limiter in own] == [[True], [True]]


async def test_concurrency_gives_slots_back_at_the_end(state: State) -> None:
    limiter = guard(state, concurrency={"limit": 1})
    first = exchange()
    assert await verdicts(limiter, first, exchange()) == [True, False]
    for callback in first.on_end:
        callback(first)
    await asyncio.sleep(0)
    assert await verdicts(limiter, exchange()) == [True]

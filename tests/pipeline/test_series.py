from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import pytest
from tests.support.exchange import make_exchange

from bartizan.errors import ClientGone, RequestError
from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Response
from bartizan.pipeline import Deny, Divert, Exchange, Series, Step, Throttle, Verdict

Look = Callable[[Exchange], Awaitable[Verdict | None]]
DENIED = Deny(403, because="the test says so")


async def nothing(_: Exchange) -> Verdict | None:
    return None


class Guarding:
    """A guard that does what the test says."""

    def __init__(self, name: str, look: Look) -> None:
        self.name = name
        self._look = look

    async def on_request(self, exchange: Exchange) -> Verdict | None:
        return await self._look(exchange)


class OnResponse(Guarding):
    """A guard that looks at responses too."""

    async def on_response(self, exchange: Exchange) -> Verdict | None:
        return await self._look(exchange)


class Bodies(Guarding):
    """A guard that wants the first ``limit`` bytes of bodies, both ways, and keeps what it saw of them."""

    plain_responses = True

    def __init__(self, name: str, look: Look = nothing, limit: int = 0, verdict: Verdict | None = None) -> None:
        super().__init__(name, look)
        self.limit = limit
        self.verdict = verdict
        self.seen: list[tuple[str, bytes, bool]] = []

    def hold_request(self, exchange: Exchange) -> int:
        return self.limit

    async def on_request_body(self, exchange: Exchange, body: bytes, *, complete: bool) -> Verdict | None:
        self.seen.append(("request", body, complete))
        return self.verdict

    async def on_response(self, exchange: Exchange) -> Verdict | None:
        return await self._look(exchange)

    def hold_response(self, exchange: Exchange) -> int:
        return self.limit

    async def on_response_body(self, exchange: Exchange, body: bytes, *, complete: bool) -> Verdict | None:
        self.seen.append(("response", body, complete))
        return self.verdict


class OnRefused(Guarding):
    """A guard that also sees what was refused before any guard."""

    def __init__(self, name: str, error: Exception | None = None) -> None:
        super().__init__(name, nothing)
        self.seen: list[tuple[bytes, bytes]] = []
        self.error = error

    def on_refused(self, exchange: Exchange, body: bytes) -> None:
        if self.error is not None:
            raise self.error
        self.seen.append((exchange.request.target, body))


def says(verdict: Verdict | None) -> Look:
    async def look(_: Exchange) -> Verdict | None:
        return verdict

    return look


def fails(error: BaseException, *, later: bool = False) -> Look:
    async def look(_: Exchange) -> Verdict | None:
        if later:
            await asyncio.sleep(0)
        raise error

    return look


def notes(order: list[str], name: str) -> Look:
    async def look(_: Exchange) -> Verdict | None:
        order.append(name)
        return None

    return look


def series_of(
    *looks: Look, on_error: Literal["deny", "allow"] = "deny", timeout: float = 30.0, kind: type[Guarding] = Guarding
) -> Series:
    """Return a series of guards called g0, g1, ..."""
    return Series(tuple(Step(kind(f"g{at}", look), on_error, timeout) for at, look in enumerate(looks)))


def names_timed(exchange: Exchange) -> list[str]:
    return [name for name, _ in exchange.timings]


async def test_an_empty_series_objects_to_nothing() -> None:
    exchange = make_exchange()
    assert await Series().on_request(exchange) is None
    assert await Series().on_response(exchange) is None
    assert not Series().looks_at_responses
    assert exchange.verdict is None
    assert exchange.timings == []


async def test_guards_run_in_order_and_each_is_timed() -> None:
    order: list[str] = []
    exchange = make_exchange()
    assert await series_of(*(notes(order, name) for name in "abc")).on_request(exchange) is None
    assert order == ["a", "b", "c"]
    assert names_timed(exchange) == ["g0", "g1", "g2"]
    assert all(0 <= seconds < 30 for _, seconds in exchange.timings)


async def test_the_first_verdict_wins_and_ends_the_series() -> None:
    order: list[str] = []
    exchange = make_exchange()
    series = series_of(nothing, says(DENIED), notes(order, "late"), says(Throttle(1.0)))
    assert await series.on_request(exchange) is DENIED
    assert exchange.verdict is DENIED
    assert exchange.decided_by == "g1"
    assert order == []
    assert names_timed(exchange) == ["g0", "g1"]


@pytest.mark.parametrize("later", [False, True])
async def test_a_guard_that_raises_denies_with_503_and_is_a_signal(*, later: bool) -> None:
    exchange = make_exchange()
    verdict = await series_of(nothing, fails(KeyError("x"), later=later), nothing).on_request(exchange)
    assert isinstance(verdict, Deny)
    assert verdict.status == 503
    assert "KeyError" in verdict.because
    assert "guards.g1.on_error" in verdict.remedy
    assert verdict.detail == ""
    assert exchange.decided_by == "g1"
    assert names_timed(exchange) == ["g0", "g1"]
    (signal,) = exchange.signals
    assert signal.name == "guard.failed"
    assert signal.evidence == {"guard": "g1", "error": "KeyError: 'x'", "on_error": "deny"}


@pytest.mark.parametrize("later", [False, True])
async def test_a_guard_that_may_fail_lets_the_exchange_pass_and_is_a_signal(*, later: bool) -> None:
    exchange = make_exchange()
    order: list[str] = []
    series = series_of(fails(OSError("down"), later=later), notes(order, "next"), on_error="allow")
    assert await series.on_request(exchange) is None
    assert order == ["next"]
    assert [signal.name for signal in exchange.signals] == ["guard.failed"]
    assert exchange.signals[0].evidence["on_error"] == "allow"
    assert names_timed(exchange) == ["g0", "g1"]


async def test_what_a_failure_says_is_bounded() -> None:
    exchange = make_exchange()
    verdict = await series_of(fails(ValueError("x" * 100_000))).on_request(exchange)
    assert isinstance(verdict, Deny)
    assert len(verdict.because) < 1000
    assert len(str(exchange.signals[0].evidence["error"])) == 500


@pytest.mark.parametrize("error", [ClientGone("gone"), RequestError(413, "too_large", "too large")])
@pytest.mark.parametrize("later", [False, True])
async def test_what_the_client_did_is_no_failure_of_the_guard(error: Exception, *, later: bool) -> None:
    exchange = make_exchange()
    with pytest.raises(type(error)):
        await series_of(fails(error, later=later), on_error="allow").on_request(exchange)
    assert exchange.signals == []


async def test_a_guard_that_takes_too_long_is_cancelled_and_denies() -> None:
    cleaned: list[bool] = []

    async def slow(_: Exchange) -> Verdict | None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(True)
        return None

    exchange = make_exchange()
    verdict = await series_of(slow, timeout=0.01).on_request(exchange)
    assert isinstance(verdict, Deny)
    assert verdict.status == 503
    assert cleaned == [True]
    assert str(exchange.signals[0].evidence["error"]).startswith("TimeoutError")
    current = asyncio.current_task()
    assert current is not None
    assert current.cancelling() == 0


async def test_a_slow_guard_that_may_fail_lets_the_exchange_pass() -> None:
    exchange = make_exchange()

    async def slow(_: Exchange) -> Verdict | None:
        await asyncio.Event().wait()
        return DENIED

    assert await series_of(slow, on_error="allow", timeout=0.01).on_request(exchange) is None
    assert len(exchange.signals) == 1


async def test_a_guard_that_waits_many_times_gets_every_result() -> None:
    loop = asyncio.get_running_loop()
    got: list[int] = []

    async def waits(_: Exchange) -> Verdict | None:
        for number in range(5):
            future: asyncio.Future[int] = loop.create_future()
            loop.call_soon(future.set_result, number)
            got.append(await future)
            await asyncio.sleep(0)
        return DENIED

    assert await series_of(waits).on_request(make_exchange()) is DENIED
    assert got == [0, 1, 2, 3, 4]


async def test_a_guard_can_catch_what_it_waits_for_raises_and_go_on_waiting() -> None:
    loop = asyncio.get_running_loop()

    async def catches(_: Exchange) -> Verdict | None:
        for error in (OSError("first"), ValueError("second")):
            future: asyncio.Future[None] = loop.create_future()
            loop.call_soon(future.set_exception, error)
            with pytest.raises(type(error), match=str(error)):
                await future
        return DENIED

    assert await series_of(catches).on_request(make_exchange()) is DENIED


@pytest.mark.parametrize(("inner", "outer"), [(0.01, 30.0), (30.0, 0.01)])
async def test_timeouts_of_the_guard_and_of_the_series_are_told_apart(inner: float, outer: float) -> None:
    async def look(_: Exchange) -> Verdict | None:
        try:
            async with asyncio.timeout(inner):
                await asyncio.Event().wait()
        except TimeoutError:
            return DENIED
        return None

    exchange = make_exchange()
    verdict = await series_of(look, timeout=outer).on_request(exchange)
    if inner < outer:
        assert verdict is DENIED
        assert exchange.signals == []
    else:
        assert isinstance(verdict, Deny)
        assert verdict.status == 503


@pytest.mark.parametrize("on_error", ["deny", "allow"])
async def test_cancelling_the_exchange_reaches_the_guard_and_is_no_failure(on_error: Any) -> None:
    cleaned: list[bool] = []

    async def waits(_: Exchange) -> Verdict | None:
        await asyncio.sleep(0)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cleaned.append(True)
            raise
        return None

    exchange = make_exchange()
    task = asyncio.create_task(series_of(waits, on_error=on_error).on_request(exchange))
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned == [True]
    assert exchange.signals == []
    assert exchange.verdict is None


async def test_cancelling_reaches_a_guard_that_waits_for_nothing_but_its_turn() -> None:
    async def yields(_: Exchange) -> Verdict | None:
        await asyncio.sleep(0)
        current = asyncio.current_task()
        assert current is not None
        current.cancel()
        await asyncio.sleep(0)
        return DENIED

    task = asyncio.create_task(series_of(yields).on_request(make_exchange()))
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_guard_that_wants_the_body_sees_it_when_it_is_held() -> None:
    order: list[str] = []
    guard = Bodies("second", notes(order, "head"), 6)
    body = Body()
    exchange = make_exchange("POST", body=body)
    series = Series((Step(Guarding("first", nothing)), Step(guard), Step(Guarding("third", notes(order, "third")))))
    running = asyncio.create_task(series.on_request(exchange))
    await asyncio.sleep(0)
    body.feed(b"abc")
    await asyncio.sleep(0)
    assert (order, guard.seen) == (["head"], [])
    body.feed(b"def")
    await asyncio.sleep(0)
    assert guard.seen == []  # it could be the whole body, or its first part
    body.end()
    assert await running is None
    assert guard.seen == [("request", b"abcdef", True)]
    assert order == ["head", "third"]
    assert await body.read() == b"abcdef"
    assert names_timed(exchange) == ["first", "second", "second", "third"]


async def test_a_guard_learns_that_a_body_is_longer_than_it_wanted_to_see() -> None:
    guard = Bodies("only", limit=4)
    body = Body()
    running = asyncio.create_task(Series((Step(guard),)).on_request(make_exchange("POST", body=body)))
    await asyncio.sleep(0)
    body.feed(b"abcdef")
    assert await running is None
    assert guard.seen == [("request", b"abcd", False)]
    assert body.peek() == b"abcdef"


async def test_a_guard_that_wants_nothing_of_a_body_waits_for_nothing() -> None:
    guard = Bodies("only")
    exchange = make_exchange("POST", body=Body())
    exchange.response = Response(200, Headers(), Body())
    series = Series((Step(guard),))
    assert await series.on_request(exchange) is None
    assert await series.on_response(exchange) is None
    assert guard.seen == []


async def test_the_first_verdict_on_a_body_ends_the_series() -> None:
    later = Bodies("later", limit=4)
    exchange = make_exchange("POST", body=b"x")
    exchange.response = Response(200, Headers(), Body.of(b"y"))
    series = Series((Step(Bodies("first", limit=4, verdict=DENIED)), Step(later)))
    assert await series.on_request(exchange) is DENIED
    assert await series.on_response(exchange) is DENIED
    assert exchange.decided_by == "first"
    assert later.seen == []


async def test_the_body_of_a_response_is_held_for_guards_that_want_it() -> None:
    guard = Bodies("only", limit=4)
    exchange = make_exchange()
    exchange.response = Response(200, Headers.of([("content-type", "text/html")]), Body.of(b"abcdef"))
    series = Series((Step(guard), Step(OnResponse("other", nothing))))
    assert await series.on_response(exchange) is None
    assert guard.seen == [("response", b"abcd", False)]
    assert exchange.response.body.take() == b"abcdef"
    assert series.plain_responses
    assert not series_of(nothing).plain_responses


@pytest.mark.parametrize("kind", ["text/event-stream; charset=utf-8", "multipart/x-mixed-replace", "application/grpc"])
async def test_responses_that_are_streams_are_never_held(kind: str) -> None:
    order: list[str] = []
    guard = Bodies("only", notes(order, "head"), limit=4)
    exchange = make_exchange()
    exchange.response = Response(200, Headers.of([("content-type", kind)]), Body())
    assert await Series((Step(guard),)).on_response(exchange) is None
    assert order == ["head"]
    assert guard.seen == []


async def test_a_client_that_goes_away_while_its_body_is_held_is_no_failure_of_the_guard() -> None:
    body = Body()
    exchange = make_exchange("POST", body=body)
    running = asyncio.create_task(Series((Step(Bodies("only", limit=6)),)).on_request(exchange))
    await asyncio.sleep(0)
    body.fail(ClientGone("gone"))
    with pytest.raises(ClientGone):
        await running
    assert exchange.signals == []


async def test_guards_that_look_at_refused_requests_see_them_and_decide_nothing() -> None:
    guard = OnRefused("second")
    exchange = make_exchange(path="/x")
    series = Series((Step(OnRefused("first", ValueError("odd"))), Step(Guarding("other", nothing)), Step(guard)))
    assert series.looks_at_refusals
    assert not series_of(nothing).looks_at_refusals
    series.on_refused(exchange, b"body")
    assert guard.seen == [(b"/x", b"body")]
    assert exchange.verdict is None
    assert [(signal.name, signal.evidence["guard"]) for signal in exchange.signals] == [("guard.failed", "first")]
    assert names_timed(exchange) == ["first", "second"]


async def test_only_guards_that_look_at_responses_see_them_in_the_same_order() -> None:
    order: list[str] = []
    first, second = OnResponse("first", notes(order, "first")), OnResponse("second", notes(order, "second"))
    series = Series((Step(first), Step(Guarding("between", notes(order, "between"))), Step(second)))
    assert series.looks_at_responses
    assert not series_of(nothing).looks_at_responses
    exchange = make_exchange()
    exchange.response = Response(200, Headers())
    assert await series.on_response(exchange) is None
    assert order == ["first", "second"]


async def test_a_verdict_on_the_response_and_a_failure_there_are_treated_alike() -> None:
    exchange = make_exchange()
    assert await series_of(says(DENIED), kind=OnResponse).on_response(exchange) is DENIED
    assert exchange.decided_by == "g0"
    verdict = await series_of(fails(OSError("down")), kind=OnResponse).on_response(exchange)
    assert isinstance(verdict, Deny)
    assert verdict.status == 503


async def test_a_divert_lets_the_other_guards_look_and_holds_if_none_of_them_objects() -> None:
    async def divert(_: Exchange) -> Verdict | None:
        return Divert("elsewhere", because="the test says so")

    looked: list[str] = []

    async def look(exchange: Exchange) -> Verdict | None:
        looked.append(exchange.id)
        return None

    exchange = make_exchange()
    series = Series((Step(Guarding("diverts", divert)), Step(Guarding("later", look))))
    verdict = await series.on_request(exchange)
    assert looked == [exchange.id]
    assert verdict == Divert("elsewhere", because="the test says so")
    assert (exchange.verdict, exchange.decided_by, exchange.diverted) == (verdict, "diverts", verdict)


async def test_what_another_guard_refuses_stays_refused_for_who_is_diverted() -> None:
    async def divert(_: Exchange) -> Verdict | None:
        return Divert("elsewhere")

    async def deny(_: Exchange) -> Verdict | None:
        return DENIED

    exchange = make_exchange()
    series = Series((Step(Guarding("diverts", divert)), Step(Guarding("denies", deny))))
    assert await series.on_request(exchange) is DENIED
    assert (exchange.decided_by, exchange.diverted) == ("denies", Divert("elsewhere"))


class Somewhere(Bodies):
    """A guard that is about one path."""

    only_paths = frozenset(("/here",))


async def test_a_guard_that_is_about_some_paths_is_called_for_these_alone() -> None:
    guard = Somewhere("somewhere", limit=10)
    series = Series((Step(guard),))
    for path in ("/there", "/here"):
        exchange = make_exchange(path=path, body=b"asked")
        assert await series.on_request(exchange) is None
        exchange.response = Response(200, Headers(), Body.of(b"told"), 4)
        assert await series.on_response(exchange) is None
        assert bool(exchange.timings) is (path == "/here")
    assert guard.seen == [("request", b"asked", True), ("response", b"told", True)]

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.testing import capture_logs

from bartizan.control import boundary
from bartizan.control.boundary import Boundary
from bartizan.control.contract import MAX_BODY
from bartizan.control.problems import Problems
from bartizan.control.stats import Stats
from bartizan.errors import RequestError

SECRET = "hunter2"


def page(status: int, detail: str, **_: Any) -> PlainTextResponse:
    return PlainTextResponse(detail, status)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


class Bounded:
    """An app within bounds."""

    def __init__(self, app: ASGIApp, time: float = 5.0) -> None:
        self.stats = Stats()
        self._app = Boundary(app, Problems(page), self.stats, structlog.get_logger(), time)

    async def post(self, content: bytes | AsyncIterator[bytes] = b"", **headers: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self._app), base_url="https://a") as client:
            return await client.post("/", content=content, headers=headers)


async def in_pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(0, size, 1024):
        yield b"x" * 1024


async def test_a_body_within_the_bound_passes() -> None:
    assert (await Bounded(echo).post(b"x" * MAX_BODY)).text == str(MAX_BODY)


async def test_a_larger_one_is_refused_whether_it_says_so_or_not() -> None:
    app = Bounded(echo)
    for body in (b"x" * (MAX_BODY + 1), in_pieces(MAX_BODY + 1024)):
        answer = await app.post(body)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert app.stats.report().requests == {"4xx": 2}


async def test_a_length_that_is_none_is_refused() -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(echo), base_url="https://a"):
        answer = await Bounded(echo).post(**{"content-length": "9" * 30})
    assert answer.status_code == 413


async def test_what_takes_too_long_is_ended() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    with capture_logs() as logs:
        answer = await Bounded(slow, time=0.01).post()
    assert (answer.status_code, answer.json()["code"]) == (503, "timeout")
    assert [entry["event"] for entry in logs] == ["request took too long"]


async def test_a_defect_is_logged_and_answered_without_what_it_says() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError(SECRET)

    app = Bounded(broken)
    with capture_logs() as logs:
        answer = await app.post(**{"bartizan-exchange": "abc"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert SECRET not in answer.text
    assert (logs[0]["exchange"], logs[0]["error"]) == ("abc", "ValueError")
    assert SECRET not in str(logs)
    assert app.stats.report().requests == {"5xx": 1}


async def test_an_error_after_the_head_has_been_sent_adds_no_second_answer() -> None:
    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RequestError(400, "late", "")

    stats, sent = Stats(), list[Message]()

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    await Boundary(half, Problems(page), stats, structlog.get_logger())(scope, receive, send)
    assert len(sent) == 1
    assert stats.report().requests == {"2xx": 1}


async def test_only_so_many_are_worked_on_at_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(boundary, "MAX_IN_FLIGHT", 2)
    go = asyncio.Event()

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        await go.wait()
        await PlainTextResponse("")(scope, receive, send)

    app = Bounded(waits)
    under_way = [asyncio.create_task(app.post()) for _ in range(2)]
    while app.stats.in_flight < 2:  # noqa: ASYNC110 - there is nothing else to wait for
        await asyncio.sleep(0)
    refused = await app.post()
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    go.set()
    assert [(await task).status_code for task in under_way] == [200, 200]
    assert app.stats.in_flight == 0

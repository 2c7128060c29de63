"""Around the whole app: bounds of size, time and number, and an answer also where there is a defect."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from bartizan.control.contract import EXCHANGE, MAX_BODY
from bartizan.control.defects import told
from bartizan.control.problems import Problem, Problems, problem_of
from bartizan.control.stats import Stats
from bartizan.errors import RequestError

__all__ = ["Boundary"]

MAX_IN_FLIGHT = 256  # requests; what comes then is told to come again
TIME = 25.0  # seconds for a request: less than the edge waits


class Boundary:
    """Bounds what ``app`` is given. ``time`` is in seconds for one request."""

    def __init__(
        self, app: ASGIApp, problems: Problems, stats: Stats, log: FilteringBoundLogger, time: float = TIME
    ) -> None:
        self._app = app
        self._problems = problems
        self._stats = stats
        self._log = log
        self._time = time

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = Headers(scope=scope)
        status = 0

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        async def refuse(problem: Problem) -> None:
            if not status:
                await self._problems.answer(problem, headers)(scope, receive, send_noting)

        self._stats.in_flight += 1
        try:
            if self._stats.in_flight > MAX_IN_FLIGHT:
                await refuse(Problem(503, "busy", "Try again in a moment.", headers={"Retry-After": "1"}))
            else:
                async with asyncio.timeout(self._time):
                    await self._app(scope, _Bounded(receive, headers), send_noting)
        except RequestError as error:
            await refuse(problem_of(error))
        except TimeoutError:
            self._log.error("request took too long", path=scope["path"], exchange=headers.get(EXCHANGE.decode(), ""))
            await refuse(Problem(503, "timeout", "This took too long. Try again.", headers={"Retry-After": "1"}))
        except Exception as error:  # noqa: BLE001 - a defect in one request must not end the process
            exchange = headers.get(EXCHANGE.decode(), "")
            self._log.error("request failed", path=scope["path"], exchange=exchange, **told(error))
            await refuse(problem_of(error))
        finally:
            self._stats.in_flight -= 1
            self._stats.count(status)


class _Bounded:
    """The request body, as long as it is no larger than ``MAX_BODY``; raises ``RequestError`` (413) then."""

    def __init__(self, receive: Receive, headers: Headers) -> None:
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or len(declared) > 18 or int(declared) > MAX_BODY:
            raise _too_large()
        self._receive = receive
        self._received = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > MAX_BODY:
            raise _too_large()
        return message


def _too_large() -> RequestError:
    return RequestError(413, "body_too_large", f"The body is larger than {MAX_BODY} bytes.")

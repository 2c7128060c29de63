"""The listener for operators: /metrics, /healthz, /readyz. Small on purpose: GET and HEAD, one request a connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bartizan.errors import ControlError
from bartizan.supervisor.metrics import CompanionStatus, render_metrics
from bartizan.supervisor.sockets import split_address
from bartizan.supervisor.supervisor import Supervisor

__all__ = ["Admin"]

MAX_HEAD = 8192
TIMEOUT = 5.0  # seconds for a whole request
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    content_type: str = "application/json"


class Admin:
    """Serves the admin listener of a supervisor."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._server: asyncio.Server | None = None
        self._pages: dict[str, Callable[[], Awaitable[_Answer]]] = {
            "/metrics": self._metrics,
            "/healthz": self._health,
            "/readyz": self._ready,
        }

    async def start(self, address: str) -> None:
        """Listen on ``host:port`` or ``unix:/path``; raises ``ControlError``."""
        where = split_address(address)
        try:
            if isinstance(where, str):
                self._server = await asyncio.start_unix_server(self._serve, where, limit=MAX_HEAD)
            else:
                self._server = await asyncio.start_server(self._serve, *where, limit=MAX_HEAD)
        except OSError as error:
            raise ControlError(
                f"admin.address: cannot listen on {address}: {error.strerror}; choose another"
            ) from error

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                head = await reader.readuntil(b"\r\n\r\n")
                method, answer = await self._answer(head)
                writer.write(_serialise(answer, with_body=method != "HEAD"))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: bytes) -> tuple[str, _Answer]:
        parts = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            return "GET", _Answer(400, b'{"error":"not an HTTP/1 request"}')
        method, target, _ = parts
        page = self._pages.get(target.partition("?")[0])
        if page is None:
            return method, _Answer(404, json.dumps({"error": "no such page", "pages": list(self._pages)}).encode())
        if method not in ("GET", "HEAD"):
            return method, _Answer(405, b'{"error":"GET or HEAD only"}')
        return method, await page()

    async def _metrics(self) -> _Answer:
        supervisor = self._supervisor
        beside = [
            CompanionStatus(each.kind.name, await each.report(), each.serving is not None, each.restarts)
            for each in supervisor.companions
        ]
        text = render_metrics(await supervisor.report(), supervisor.status, len(supervisor.serving()), beside)
        return _Answer(200, text, "text/plain; version=0.0.4; charset=utf-8")

    async def _health(self) -> _Answer:
        return _Answer(200, b'{"status":"ok"}')

    async def _ready(self) -> _Answer:
        supervisor = self._supervisor
        if supervisor.status.draining:
            return _Answer(503, b'{"status":"not ready","reason":"draining"}')
        serving = len(supervisor.serving())
        body = {"status": "ready" if serving else "not ready", "workers": serving, "wanted": supervisor.workers}
        for each in supervisor.companions:  # the edge serves without them
            body[each.kind.name] = "serves" if each.serving is not None else "is started again"
        if not serving:
            body["reason"] = "no worker serves"
        return _Answer(200 if serving else 503, json.dumps(body).encode())


def _serialise(answer: _Answer, *, with_body: bool) -> bytes:
    head = (
        f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}\r\ncontent-type: {answer.content_type}\r\n"
        f"content-length: {len(answer.body)}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + (answer.body if with_body else b"")

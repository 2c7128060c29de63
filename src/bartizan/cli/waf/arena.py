"""A gateway in this process with a backend behind it, for tests of rules: real sockets on loopback."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import httptools
import structlog

from bartizan.cli.waf.backend import Backend
from bartizan.config.model import Config
from bartizan.edge.worker import EdgeWorker
from bartizan.perimeter.waf.testing import Generation, Outcome
from bartizan.perimeter.waf.testing.logline import Matched, log_line
from bartizan.pipeline import Exchange

__all__ = ["GatewayArena"]

SETTLE = 2.0  # seconds in which an exchange is over once its response has been read
AFTER_SILENCE = 0.2  # the same, when there was no response


class GatewayArena:
    """Sends requests through a whole edge worker: ``async with GatewayArena({"rules": [...]}) as arena``.

    ``waf`` are the fields of ``guards.waf``, ``generation`` chooses the backend, ``timeout`` is how many seconds a
    response may take.
    """

    def __init__(self, waf: Mapping[str, Any], generation: Generation = Generation.V4, *, timeout: float = 2.0) -> None:
        self._waf = dict(waf)
        self._generation = generation
        self._timeout = timeout
        self._stack = AsyncExitStack()
        self._over: dict[int, Exchange] = {}
        self._awaited: dict[int, asyncio.Future[None]] = {}
        self._port = 0

    async def __aenter__(self) -> GatewayArena:
        async with self._stack as stack:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="bartizan-waf-test-"))
            backend = await stack.enter_async_context(Backend(self._generation))
            config = Config.model_validate(_config(Path(directory), backend, self._waf))
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=128))
            listener.setblocking(False)
            self._port = listener.getsockname()[1]
            worker = EdgeWorker(asyncio.get_running_loop(), slot=0, log=structlog.get_logger(), observe=self._observe)
            await worker.start(config, {"tests": listener})
            stack.push_async_callback(_stop, worker)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def send(self, stage: bytes) -> Outcome:
        """Send bytes on a connection of their own; matches are those of the first exchange on it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        port: int = writer.get_extra_info("sockname")[1]
        over = self._awaited[port] = asyncio.get_running_loop().create_future()
        try:
            writer.write(stage)
            reply = _Reply(head_only=stage.startswith(b"HEAD "))
            error = await self._read(reader, reply)
            writer.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(over, AFTER_SILENCE if error else SETTLE)
        finally:
            writer.close()
            del self._awaited[port]
        exchange = self._over.pop(port, None)
        matches = () if exchange is None else tuple(matches_of(exchange))
        return Outcome(
            status=None if error else reply.status,
            response=reply.content,
            rule_ids=tuple(match.id for match in matches),
            log=tuple(log_line(match) for match in matches),
            error=error,
        )

    async def _read(self, reader: asyncio.StreamReader, reply: _Reply) -> str | None:
        """Read a response; returns why there is none."""
        try:
            async with asyncio.timeout(self._timeout):
                while not reply.complete:
                    data = await reader.read(65536)
                    if not data:
                        break
                    reply.feed(data)
        except TimeoutError:
            return f"nothing came within {self._timeout:g} s"
        except ConnectionError as error:
            return f"the connection was lost: {error}"
        except httptools.HttpParserError as error:
            return f"the response is not HTTP: {error}"
        return None if reply.status is not None else "the connection was closed without a response"

    def _observe(self, exchange: Exchange) -> None:
        port = exchange.connection.peer.port
        awaited = self._awaited.get(port)
        if awaited is not None and not awaited.done():
            self._over[port] = exchange
            awaited.set_result(None)


def matches_of(exchange: Exchange) -> Iterable[Matched]:
    """Return what the WAF logged of an exchange."""
    found: Any = exchange.notes.get("waf")
    return () if found is None else found.matches


class _Reply:
    """Reads one response; interim ones (1xx) are passed over."""

    def __init__(self, *, head_only: bool) -> None:
        self.status: int | None = None
        self.content = b""
        self.complete = False
        self._head_only = head_only
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        self.content += data
        self._parser.feed_data(data)

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200 or status == 101:
            self.status = status
            self.complete = self._head_only or status == 101

    def on_message_complete(self) -> None:
        self.complete = self.status is not None


def _config(directory: Path, backend: int, waf: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration that lets through whatever HTTP allows: the rules are to see it."""
    most = {"header_count": 1000, "header_bytes": "1MiB", "target_bytes": "512KiB", "min_rate": 0}
    return {
        "storage": {"directory": str(directory), "journal": {"enabled": False}},
        "listeners": [
            {
                "name": "tests",
                "address": "127.0.0.1:0",
                "underscores_in_headers": "allow",
                "escaped_slashes": "keep",
                "limits": most,
            }
        ],
        "upstreams": [{"name": "backend", "nodes": [{"address": f"127.0.0.1:{backend}"}]}],
        "routes": [{"name": "all", "paths": ["/*"], "upstream": "backend"}],
        "guards": {"waf": waf},
    }


async def _stop(worker: EdgeWorker) -> None:
    await worker.drain(0.0)
    await worker.close()

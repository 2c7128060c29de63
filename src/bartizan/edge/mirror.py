"""Copies for the transcript: what somebody who is diverted asked, and a guard has answered.

The client has its answer already. A copy is sent in the background, in a connection of its own; where too many are
under way, or the decoy does not take it, there is none.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from bartizan.config.model import Config
from bartizan.decoy.contract import socket_path
from bartizan.edge.divert import decoy_fields, decoy_target
from bartizan.edge.http1.serialise import head_fields, request_line
from bartizan.edge.snapshot import RouteRuntime
from bartizan.pipeline import Divert, Exchange

__all__ = ["Mirror"]

AT_ONCE = 32
TIMEOUT = 5.0  # seconds for one copy


class Mirror:
    """Sends copies. ``dropped`` counts those that were not sent or not taken."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._sending: set[asyncio.Task[None]] = set()
        self.dropped = 0

    def copy(self, exchange: Exchange, divert: Divert, route: RouteRuntime, config: Config) -> None:
        """Send a copy of an exchange that has its answer; of the body, what has arrived and may be kept."""
        if len(self._sending) >= AT_ONCE or not config.deception.divert.enabled:
            self.dropped += 1
            return
        request = exchange.request
        status = 0 if exchange.response is None else exchange.response.status
        body = request.body.peek()[: config.deception.divert.body_bytes]
        head = (
            request_line(request.method, decoy_target(request)),
            b"host: %b\r\n" % request.authority.encode("latin-1"),
            head_fields(decoy_fields(exchange, divert, route, route.choose(request), status)),
            b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body),
        )
        work = self._send(socket_path(Path(config.storage.directory)), b"".join((*head, body)))
        task = self._loop.create_task(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, path: Path, data: bytes) -> None:
        taken = False
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(TIMEOUT):
                reader, writer = await asyncio.open_unix_connection(str(path))
                try:
                    writer.write(data)
                    taken = (await reader.read(64)).startswith(b"HTTP/1.1 2")
                finally:
                    writer.close()
        self.dropped += not taken

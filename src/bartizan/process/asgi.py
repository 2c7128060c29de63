"""ASGI applications on one Unix socket that somebody else holds, so that what waits in it outlasts the process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from bartizan.errors import ControlError

__all__ = ["BACKLOG", "AsgiServer", "listen"]

BACKLOG = 512
MAX_CONNECTIONS = 8192  # idle ones of all workers included; how many are worked on the application says
KEEP_ALIVE = 75  # seconds; workers close idle connections earlier, so that none closes under a request


def listen(path: Path, what: str) -> socket.socket:
    """Return a listening socket at ``path``, for this user alone, with its directory made; ``what`` is for messages.

    Raises ``ControlError``.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o077)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        os.umask(0o177)
        path.unlink(missing_ok=True)
        sock.bind(str(path))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        remedy = "give storage.directory a shorter path" if len(str(path)) > 107 else "see to its owner and mode"
        raise ControlError(f"{what} cannot listen on {path}: {error.strerror or error}; {remedy}") from error
    finally:
        os.umask(before)
    sock.setblocking(False)
    return sock


class AsgiServer:
    """Serves one application: ``start``, then ``drain``. ``dates``: responses get a Date of the server."""

    def __init__(self, app: ASGIApp, *, dates: bool = True) -> None:
        self._server = _Server(
            uvicorn.Config(
                app,
                http="httptools",
                ws="none",
                lifespan="off",
                interface="asgi3",
                access_log=False,
                log_config=None,
                server_header=False,
                date_header=dates,
                proxy_headers=False,
                limit_concurrency=MAX_CONNECTIONS,
                timeout_keep_alive=KEEP_ALIVE,
            )
        )
        self._serving: asyncio.Task[None]

    async def start(self, sock: socket.socket) -> None:
        """Return once it listens on a socket that is bound already; raises what keeps it from that."""
        loop = asyncio.get_running_loop()
        self._serving = loop.create_task(self._server.serve([sock]))
        listening = loop.create_task(self._server.listening.wait())
        await asyncio.wait((listening, self._serving), return_when=asyncio.FIRST_COMPLETED)
        if not listening.done():
            listening.cancel()
            await self._serving  # raises why

    async def drain(self, grace: float) -> None:
        """Stop accepting, and let requests finish for at most ``grace`` seconds."""
        self._server.config.timeout_graceful_shutdown = max(1, int(grace))
        self._server.should_exit = True
        await self._serving


class _Server(uvicorn.Server):
    """Serves a Unix socket that is bound already, and leaves signals to whoever has the process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; uvicorn's own ``startup`` cannot be given a Unix socket with uvloop."""

        def protocol() -> asyncio.Protocol:
            made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
                config=self.config, server_state=self.server_state, app_state={}
            )
            return made

        loop = asyncio.get_running_loop()
        self.servers = [await loop.create_unix_server(protocol, sock=sock, backlog=BACKLOG) for sock in sockets or []]
        self.started = True
        self.listening.set()

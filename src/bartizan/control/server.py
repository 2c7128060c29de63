"""The control process put together: services, app, journal, and the Unix socket that the edge speaks to."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from bartizan.config.model import Config
from bartizan.control.app import build_app
from bartizan.control.contract import socket_path
from bartizan.control.services import Services, build_services
from bartizan.control.signals import Signals
from bartizan.control.stats import ControlReport, Stats
from bartizan.errors import ConfigError, ControlError, Problem

__all__ = ["ControlServer"]

MAX_CONNECTIONS = 1024  # idle ones of all workers included
KEEP_ALIVE = 75  # seconds; workers close idle connections earlier, so that none closes under a request
BACKLOG = 512
THREADS = 8  # for what blocks: records and password hashing
LOCK = "process.lock"


class ControlServer:
    """Serves pages and API: ``start``, reloads in two steps, then ``drain`` and ``close``, as an edge worker does.

    ``clock`` is Unix time in seconds.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        log: FilteringBoundLogger,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._loop = loop
        self._log = log
        self._clock = clock
        self._stats = Stats()
        self._current = _Current()
        self._prepared: Services | None = None
        self._lock: int | None = None
        self._signals: Signals
        self._writing: asyncio.Task[None]
        self._server: _Server
        self._serving: asyncio.Task[None]
        self.services: Services
        """Those in force."""

    async def start(self, config: Config, sockets: Mapping[str, socket.socket]) -> None:  # noqa: ARG002 - as workers
        """Serve ``config`` on the socket in ``storage.directory``. Raises ``BartizanError`` or ``OSError``."""
        directory = Path(config.storage.directory)
        path = socket_path(directory)
        self._lock = _claim(path.parent)
        self._loop.set_default_executor(ThreadPoolExecutor(THREADS, "control"))
        self._signals = Signals(config.storage.journal, directory, self._stats, self._log, self._clock, self._loop)
        self.services = await asyncio.to_thread(build_services, config, self._clock, self._signals)
        self._current.app = build_app(self.services, self._stats, self._log)
        self._writing = self._loop.create_task(self._signals.run())
        self._server = _Server(_settings(self._current))
        self._serving = self._loop.create_task(self._server.serve([_bind(path)]))
        listening = self._loop.create_task(self._server.listening.wait())
        await asyncio.wait((listening, self._serving), return_when=asyncio.FIRST_COMPLETED)
        if not listening.done():
            listening.cancel()
            await self._serving  # raises why

    async def prepare(self, config: Config, sockets: Mapping[str, socket.socket]) -> None:  # noqa: ARG002
        """Build the next configuration off the path. Raises ``BartizanError`` and has no effect then."""
        if config.storage != self.services.config.storage:
            problem = Problem("", 0, 0, "storage", "cannot change while Bartizan runs", remedy="restart it for this")
            raise ConfigError([problem])
        self._prepared = await asyncio.to_thread(build_services, config, self._clock, self._signals, self.services)

    async def commit(self) -> None:
        """Swap to what was prepared. Requests in flight finish with what they began with."""
        if self._prepared is not None:
            self.services, self._prepared = self._prepared, None
            self._current.app = build_app(self.services, self._stats, self._log)

    def rollback(self) -> None:
        """Throw away what was prepared."""
        self._prepared = None

    def report(self) -> ControlReport:
        """Return what has been counted."""
        report = self._stats.report()
        report.journal_dropped = self._signals.dropped
        return report

    async def drain(self, grace: float) -> None:
        """Stop accepting, and let requests finish for at most ``grace`` seconds."""
        self._server.config.timeout_graceful_shutdown = max(1, int(grace))
        self._server.should_exit = True
        await self._serving

    async def close(self) -> None:
        """Give back everything; what is in the journal's buffer goes to disk."""
        self._writing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._writing
        await self._signals.close()
        await self.services.close()
        if self._lock is not None:
            os.close(self._lock)


class _Current:
    """The app in force, which a reload swaps."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class _Server(uvicorn.Server):
    """Serves one Unix socket that is bound already, and leaves signals to whoever has the process."""

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


def _settings(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
    )


def _claim(directory: Path) -> int:
    """Make control's directory, for this user alone, and claim it; raises ``ControlError``."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        lock = os.open(directory / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ControlError(f"{directory} cannot be used: {error.strerror}; see to its owner and mode") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise ControlError(f"another control process serves {directory}: stop it first") from None
    return lock


def _bind(path: Path) -> socket.socket:
    """Return a socket that only this user may connect to; raises ``ControlError``."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        path.unlink(missing_ok=True)
        sock.bind(str(path))
    except OSError as error:
        sock.close()
        raise ControlError(
            f"control cannot listen on {path}: {error.strerror or error}; give storage.directory a shorter path"
        ) from error
    finally:
        os.umask(before)
    sock.setblocking(False)
    return sock

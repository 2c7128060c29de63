"""The control process put together: services, app, journal, and the Unix socket that the edge speaks to."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from bartizan.access.passwords.hashing import Passwords
from bartizan.config.model import Config
from bartizan.config.resolve import session_limits
from bartizan.control.app import build_app
from bartizan.control.background import Background
from bartizan.control.follower import Follower
from bartizan.control.listen import SOCKET
from bartizan.control.services import Services, build_services
from bartizan.control.signals import Signals
from bartizan.control.stats import ControlReport, Stats
from bartizan.errors import ConfigError, Problem
from bartizan.process.asgi import AsgiServer
from bartizan.storage.state import StateOpener, open_state

__all__ = ["ControlServer"]

THREADS = 8  # for what blocks: records
OLDEST_SESSION = 30 * 86400.0
"""Seconds after which a session counts as over in the records, or its lifetime; an earlier one may have been longer."""
DELAY = 0.05  # seconds after an answer until that is begun
GRACE = 2.0  # seconds for what is done after answers, at the end


class ControlServer:
    """Serves pages and API: ``start``, reloads in two steps, then ``drain`` and ``close``, as an edge worker does.

    ``clock`` is Unix time in seconds; ``opener`` opens the state, ``passwords`` finds out how to hash them.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        log: FilteringBoundLogger,
        clock: Callable[[], float] = time.time,
        opener: StateOpener = open_state,
        passwords: Callable[[], Passwords] = Passwords.tune,
    ) -> None:
        self._loop = loop
        self._log = log
        self._clock = clock
        self._open_state = opener
        self._passwords = passwords
        self._later = Background(log, DELAY)
        self._stats = Stats()
        self._current = _Current()
        self._prepared: Services | None = None
        self._signals: Signals
        self._writing: asyncio.Task[None]
        self._following: asyncio.Task[None]
        self._server: AsgiServer
        self.services: Services
        """Those in force."""

    async def start(self, config: Config, sockets: Mapping[str, socket.socket]) -> None:
        """Serve ``config`` on the socket that ``listen`` made. Raises ``BartizanError`` or ``OSError``."""
        self._loop.set_default_executor(ThreadPoolExecutor(THREADS, "control"))
        storage = config.storage
        self._signals = Signals(
            storage.journal, Path(storage.directory), self._stats, self._log, self._clock, self._loop
        )
        try:
            self.services = await asyncio.to_thread(
                build_services,
                config,
                self._clock,
                self._signals,
                self._later,
                opener=self._open_state,
                passwords=self._passwords,
            )
        except BaseException:
            sockets[SOCKET].close()
            raise
        self._current.app = build_app(self.services, self._stats, self._log)
        self._writing = self._loop.create_task(self._signals.run())
        self._following = self._follow()
        self._server = AsgiServer(self._current)
        await self._server.start(sockets[SOCKET])

    async def prepare(self, config: Config, sockets: Mapping[str, socket.socket]) -> None:  # noqa: ARG002
        """Build the next configuration off the path. Raises ``BartizanError`` and has no effect then."""
        if config.storage != self.services.config.storage:
            problem = Problem("", 0, 0, "storage", "cannot change while Bartizan runs", remedy="restart it for this")
            raise ConfigError([problem])
        self._prepared = await asyncio.to_thread(
            build_services, config, self._clock, self._signals, self._later, self.services
        )

    async def commit(self) -> None:
        """Swap to what was prepared. Requests in flight finish with what they began with."""
        if self._prepared is not None:
            self.services, self._prepared = self._prepared, None
            self._current.app = build_app(self.services, self._stats, self._log)
            await _end(self._following)
            self._following = self._follow()

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
        await self._server.drain(grace)

    async def close(self) -> None:
        """Give back everything; what is in the journal's buffer goes to disk."""
        await self._later.close(GRACE)
        await _end(self._following, self._writing)
        await self._signals.close()
        await self.services.close()

    def _follow(self) -> asyncio.Task[None]:
        """Begin to carry into the records what edge processes do."""
        services = self.services
        _, lifetime = session_limits(services.access.session)
        follower = Follower(
            services.state, services.records, self._clock, log=self._log, lifetime=max(lifetime, OLDEST_SESSION)
        )
        return self._loop.create_task(follower.run())


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class _Current:
    """The app in force, which a reload swaps."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

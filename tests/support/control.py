"""The control server in this process: its real Unix socket, its own uvloop in a thread, and a clock of the test's."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import httpx
import structlog
import uvloop

from bartizan.access.passwords.hashing import Passwords
from bartizan.access.passwords.parameters import Parameters
from bartizan.config.model import Config
from bartizan.control.contract import socket_path
from bartizan.control.listen import SOCKET, listen
from bartizan.control.server import ControlServer
from bartizan.control.services import Services
from tests.support.state import open_shared_state

T = TypeVar("T")
ORIGIN = "https://gateway.test"


class Control:
    """Serves a configuration, given as plain data, until the end of the ``with`` block.

    ``directory`` is ``storage.directory``; a ``Gateway`` of the same one reaches it. Access is enabled for ``ORIGIN``
    unless the configuration says otherwise. ``clock`` is Unix time in seconds, and may be moved.
    """

    def __init__(
        self, directory: Path, config: dict[str, Any] | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.directory = directory
        self.config = complete(directory, config)
        self.server: ControlServer
        self._clock = clock
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def services(self) -> Services:
        """What the app is served with now."""
        return self.server.services

    def __enter__(self) -> Control:
        self._thread.start()
        try:
            with listen(self.directory) as sock:
                self.run(self._start(sock.dup()))
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self.server.drain(1.0))
        self.run(self.server.close())
        self._stop()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's loop and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def reload(self, config: dict[str, Any]) -> None:
        """Prepare and commit another configuration."""
        self.run(self.server.prepare(complete(self.directory, config), {}))
        self.run(self.server.commit())

    def client(self, **headers: str) -> httpx.Client:
        """Return a client that speaks to the socket as the edge does, with the Host of the origin."""
        transport = httpx.HTTPTransport(uds=str(socket_path(self.directory)))
        base = self.config.access.origin or ORIGIN
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.Client(transport=transport, base_url=base.replace("https:", "http:"), headers=fields, timeout=30)

    async def _start(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        log = structlog.get_logger()
        self.server = ControlServer(
            loop, log=log, clock=self._clock, opener=open_shared_state, passwords=quick_passwords
        )
        await self.server.start(self.config, {SOCKET: sock})

    def _stop(self) -> None:
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


def quick_passwords() -> Passwords:
    """Return passwords whose hashes take about a millisecond, so that tests do not."""
    return Passwords(Parameters(memory=1024, passes=1))


def complete(directory: Path, config: dict[str, Any] | None) -> Config:
    """Return a configuration with access, a listener and the directory filled in where they are missing."""
    config = dict(config or {})
    config["storage"] = {**config.get("storage", {}), "directory": str(directory)}
    config.setdefault("listeners", [{"name": "main", "address": "127.0.0.1:0"}])
    config["access"] = {"enabled": True, "origin": ORIGIN, **config.get("access", {})}
    return Config.model_validate(config)

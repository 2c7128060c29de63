"""A whole edge worker in this process: real sockets, its own uvloop in a thread."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import structlog
import uvloop

from bartizan.config.model import Config
from bartizan.edge.worker import EdgeWorker
from bartizan.pipeline import Exchange
from tests.support.state import open_shared_state

T = TypeVar("T")


class Gateway:
    """Serves a configuration, given as plain data, until the end of the ``with`` block; port 0 is a free one.

    ``clock`` is what guards and the state take for Unix time; ``observe`` is called with what is over.
    """

    def __init__(
        self,
        directory: Path,
        config: dict[str, Any],
        clock: Callable[[], float] = time.time,
        observe: Callable[[Exchange], None] | None = None,
    ) -> None:
        config.setdefault("storage", {})["directory"] = str(directory)
        config.setdefault("listeners", [{"name": "main", "address": "127.0.0.1:0"}])
        self.directory = directory
        self._clock = clock
        self._observe = observe
        self.config = Config.model_validate(config)
        self.ports: dict[str, int] = {}
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.worker: EdgeWorker

    @property
    def port(self) -> int:
        """The port of the first listener."""
        return next(iter(self.ports.values()))

    def __enter__(self) -> Gateway:
        self._thread.start()
        sockets = {listener.name: self._bind(listener.name, listener.address) for listener in self.config.listeners}
        self.run(self._start(sockets))
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self.worker.drain(0.0))
        self.run(self.worker.close())
        self.run(self._settle())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the worker's loop and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def reload(self, config: dict[str, Any]) -> None:
        """Prepare and commit another configuration with the same listeners."""
        config.setdefault("storage", {})["directory"] = str(self.directory)
        config.setdefault("listeners", [{"name": "main", "address": "127.0.0.1:0"}])
        self.run(self.worker.prepare(Config.model_validate(config), {}))
        self.run(self.worker.commit())

    def _bind(self, name: str, address: str) -> socket.socket:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", int(address.rpartition(":")[2])))
        sock.listen(1024)
        sock.setblocking(False)
        self.ports[name] = sock.getsockname()[1]
        return sock

    @staticmethod
    async def _settle() -> None:
        """Let connections that have just been accepted or cut come to their end, so that none is left in the loop."""
        for _ in range(400):
            await asyncio.sleep(0.005)
            if len(asyncio.all_tasks()) == 1:
                return

    async def _start(self, sockets: dict[str, socket.socket]) -> None:
        self.worker = EdgeWorker(
            asyncio.get_running_loop(),
            slot=0,
            log=structlog.get_logger(),
            observe=self._observe,
            clock=self._clock,
            opener=open_shared_state,
        )
        await self.worker.start(self.config, sockets)

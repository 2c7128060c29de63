"""Keeps the control process running while ``access`` is enabled.

Its death never stops the edge: what is asked of it waits in the socket, which the supervisor holds, for the next one.
A reload hands it the new configuration whole or not at all, together with the workers.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from structlog.typing import FilteringBoundLogger

from bartizan.config.model import Config
from bartizan.control.listen import SOCKET, listen
from bartizan.control.stats import ControlReport, add_reports
from bartizan.errors import BartizanError, ControlError
from bartizan.supervisor.backoff import Backoff
from bartizan.supervisor.handle import ControlHandle, OrderFailed

__all__ = ["Companion"]

GRACE = 10.0  # seconds that requests to control get at the most; none takes longer


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A configuration, the process that has built it, and the one that was started for it."""

    config: Config
    handle: ControlHandle | None
    fresh: ControlHandle | None


class Companion:
    """See the module's header. ``spawn`` starts a process."""

    def __init__(self, log: FilteringBoundLogger, spawn: Callable[[Config], Awaitable[ControlHandle]]) -> None:
        self.restarts = 0
        self._log = log
        self._spawn = spawn
        self._config: Config
        self._wanted = False
        self._socket: socket.socket | None = None
        self._handle: ControlHandle | None = None
        self._prepared: _Prepared | None = None
        self._ended = ControlReport()
        self._backoff = Backoff()
        self._tasks: set[asyncio.Task[None]] = set()

    # life

    async def start(self, config: Config) -> None:
        """Start it if ``config`` wants it; raises ``BartizanError`` if it cannot serve."""
        self._config = config
        self._wanted = config.access.enabled
        if self._wanted:
            self._adopt(await self._launch(config))

    async def stop(self, *, at_once: bool) -> None:
        """Drain and end it; ``at_once`` kills it."""
        self._wanted = False
        handle = self._handle
        if handle is not None:
            await self._end(handle, at_once=at_once)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def kill(self) -> None:
        """End it at once."""
        if self._handle is not None:
            self._handle.kill()

    # how it is

    @property
    def wanted(self) -> bool:
        """Whether there should be one."""
        return self._wanted

    @property
    def serving(self) -> ControlHandle | None:
        """The one that serves now."""
        return self._handle if self._handle is not None and self._handle.serving else None

    async def report(self) -> ControlReport:
        """Return what control has counted since the supervisor started, processes that have gone included."""
        return add_reports(self._ended, *([] if self._handle is None else [await self._handle.report()]))

    # changes

    async def prepare(self, config: Config) -> None:
        """Have it build ``config``, or start it for that; raises ``OrderFailed`` if it cannot use it.

        One that has died meanwhile keeps nobody from anything: the next one begins with what is in force then.
        """
        handle, fresh = self._handle, None
        if config.access.enabled and not self._wanted:
            try:
                fresh = await self._launch(config)
            except (ControlError, OSError) as error:
                raise OrderFailed(str(error)) from error
        elif config.access.enabled and handle is not None:
            try:
                await handle.prepare(config, {})
            except OrderFailed:
                raise
            except ControlError as error:
                self._log.error("control did not prepare, it is replaced", error=str(error))
                handle.kill()
        self._prepared = _Prepared(config, handle, fresh)

    async def commit(self) -> None:
        """Swap to what was prepared."""
        prepared, self._prepared = self._prepared, None
        if prepared is None:
            return
        self._config, self._wanted = prepared.config, prepared.config.access.enabled
        handle = self._handle
        if prepared.fresh is not None:
            self._adopt(prepared.fresh)
        elif handle is not None and not self._wanted:
            self._handle = None
            self._begin(self._end(handle, at_once=False))
        elif handle is not None and handle is not prepared.handle:  # started meanwhile, with what was in force
            handle.kill()
        elif handle is not None:
            try:
                await handle.commit()
            except ControlError as error:  # it must not go on with what the edge has left
                self._log.error("control could not swap, it is replaced", error=str(error))
                handle.kill()

    async def rollback(self) -> None:
        """Throw away what was prepared."""
        prepared, self._prepared = self._prepared, None
        if prepared is not None and prepared.fresh is not None:
            await self._throw_away(prepared.fresh)
        if self._handle is not None:
            with contextlib.suppress(ControlError):
                await self._handle.rollback()

    async def replace(self) -> None:
        """Start another, and then drain the old one; raises ``BartizanError`` if it cannot serve."""
        old = self._handle
        if old is not None and self._wanted:
            self._adopt(await self._launch(self._config))
            await self._end(old, at_once=False)

    # inside

    async def _launch(self, config: Config) -> ControlHandle:
        if self._socket is None:
            self._socket = listen(Path(config.storage.directory))
        handle = await self._spawn(config)
        try:
            await handle.start(config, {SOCKET: self._socket})
        except BaseException:
            await self._throw_away(handle)
            raise
        self._log.info("control serves", pid=handle.pid)
        return handle

    @staticmethod
    async def _throw_away(handle: ControlHandle) -> None:
        handle.kill()
        await handle.exited
        handle.close()

    async def _end(self, handle: ControlHandle, *, at_once: bool) -> None:
        if at_once:
            handle.kill()
            await handle.exited
        else:
            await handle.drain(min(self._config.grace_period, GRACE))

    def _adopt(self, handle: ControlHandle) -> None:
        self._handle = handle
        self._begin(self._watch(handle))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self, handle: ControlHandle) -> None:
        """Wait for its end; unless it was told to leave, start another."""
        status = await handle.exited
        self._ended = add_reports(self._ended, handle.last_report)
        self._ended.in_flight = self._ended.resident_bytes = 0
        handle.close()
        if self._handle is not handle:
            return
        self._handle = None
        delay = self._backoff.died(asyncio.get_running_loop().time() - handle.started)
        while self._wanted and self._handle is None:
            self._log.error("control died", pid=handle.pid, status=status, restart_in_seconds=delay)
            self.restarts += 1
            await asyncio.sleep(delay)
            try:
                await self._start_again()
            except (BartizanError, OSError) as error:
                self._log.error("control not started", error=str(error))
                delay = self._backoff.died(0.0)

    async def _start_again(self) -> None:
        """Start one with what is in force, also if that changes meanwhile."""
        while self._wanted and self._handle is None:
            config = self._config
            fresh = await self._launch(config)
            if self._wanted and self._handle is None and self._config is config:
                self._adopt(fresh)
            else:
                await self._throw_away(fresh)

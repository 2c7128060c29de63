"""Keeps one process beside the workers running while the configuration wants it: control, the decoy.

Its death never stops the edge: what is asked of it waits in the socket, which the supervisor holds, for the next one.
A reload hands it the new configuration whole or not at all, together with the workers.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from structlog.typing import FilteringBoundLogger

from bartizan.config.model import Config
from bartizan.errors import BartizanError, ControlError
from bartizan.supervisor.backoff import Backoff
from bartizan.supervisor.handle import OrderFailed, ProcessHandle
from bartizan.supervisor.kinds import Kind

__all__ = ["Companion"]

R = TypeVar("R", bound=msgspec.Struct)

GRACE = 10.0  # seconds that requests to it get at the most; none takes longer
_OF_NOW = ("in_flight", "resident_bytes", "tarpit_sockets")
"""What of a report ends with the process."""


@dataclass(frozen=True, slots=True)
class _Prepared(Generic[R]):
    """A configuration, the process that has built it, and the one that was started for it."""

    config: Config
    handle: ProcessHandle[R] | None
    fresh: ProcessHandle[R] | None


class Companion(Generic[R]):
    """See the module's header. ``spawn`` starts a process of ``kind``."""

    def __init__(
        self,
        kind: Kind[R],
        log: FilteringBoundLogger,
        spawn: Callable[[Kind[R], Config], Awaitable[ProcessHandle[R]]],
    ) -> None:
        self.kind = kind
        self.restarts = 0
        self._log = log
        self._spawn = spawn
        self._config: Config
        self._wanted = False
        self._sockets: Mapping[str, socket.socket] | None = None
        self._handle: ProcessHandle[R] | None = None
        self._prepared: _Prepared[R] | None = None
        self._ended: R = kind.report()
        self._backoff = Backoff()
        self._tasks: set[asyncio.Task[None]] = set()

    # life

    async def start(self, config: Config) -> None:
        """Start it if ``config`` wants it; raises ``BartizanError`` if it cannot serve."""
        self._config = config
        self._wanted = self.kind.wanted(config)
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
        for sock in (self._sockets or {}).values():
            sock.close()
        self._sockets = None

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
    def serving(self) -> ProcessHandle[R] | None:
        """The one that serves now."""
        return self._handle if self._handle is not None and self._handle.serving else None

    async def report(self) -> R:
        """Return what it has counted since the supervisor started, processes that have gone included."""
        return self.kind.add(self._ended, *([] if self._handle is None else [await self._handle.report()]))

    # changes

    async def prepare(self, config: Config) -> None:
        """Have it build ``config``, or start it for that; raises ``OrderFailed`` if it cannot use it.

        One that has died meanwhile keeps nobody from anything: the next one begins with what is in force then.
        """
        handle, fresh, wanted = self._handle, None, self.kind.wanted(config)
        if wanted and (not self._wanted or self._has_to_be_replaced(config)):
            try:
                fresh = await self._launch(config)
            except (ControlError, OSError) as error:
                raise OrderFailed(str(error)) from error
        elif wanted and handle is not None and self.kind.swaps:
            try:
                await handle.prepare(self.kind.told(config), {})
            except OrderFailed:
                raise
            except ControlError as error:
                self._log.error(f"{self.kind.name} did not prepare, it is replaced", error=str(error))
                handle.kill()
        self._prepared = _Prepared(config, handle, fresh)

    async def commit(self) -> None:
        """Swap to what was prepared."""
        prepared, self._prepared = self._prepared, None
        if prepared is None:
            return
        self._config, self._wanted = prepared.config, self.kind.wanted(prepared.config)
        handle = self._handle
        if prepared.fresh is not None:
            self._adopt(prepared.fresh)
            if handle is not None:
                self._begin(self._end(handle, at_once=False))
        elif handle is not None and not self._wanted:
            self._handle = None
            self._begin(self._end(handle, at_once=False))
        elif handle is not None and handle is not prepared.handle:  # started meanwhile, with what was in force
            handle.kill()
        elif handle is not None and self.kind.swaps:
            try:
                await handle.commit()
            except ControlError as error:  # it must not go on with what the edge has left
                self._log.error(f"{self.kind.name} could not swap, it is replaced", error=str(error))
                handle.kill()

    async def rollback(self) -> None:
        """Throw away what was prepared."""
        prepared, self._prepared = self._prepared, None
        if prepared is not None and prepared.fresh is not None:
            await self._throw_away(prepared.fresh)
        if self._handle is not None and self.kind.swaps:
            with contextlib.suppress(ControlError):
                await self._handle.rollback()

    async def replace(self) -> None:
        """Start another, and then drain the old one; raises ``BartizanError`` if it cannot serve."""
        old = self._handle
        if old is not None and self._wanted:
            self._adopt(await self._launch(self._config))
            await self._end(old, at_once=False)

    # inside

    def _has_to_be_replaced(self, config: Config) -> bool:
        return not self.kind.swaps and self.kind.told(config) != self.kind.told(self._config)

    async def _launch(self, config: Config) -> ProcessHandle[R]:
        if self._sockets is None:
            self._sockets = self.kind.sockets(Path(config.storage.directory))
        handle = await self._spawn(self.kind, config)
        try:
            await handle.start(self.kind.told(config), self._sockets)
        except BaseException:
            await self._throw_away(handle)
            raise
        self._log.info(f"{self.kind.name} serves", pid=handle.pid)
        return handle

    @staticmethod
    async def _throw_away(handle: ProcessHandle[R]) -> None:
        handle.kill()
        await handle.exited
        handle.close()

    async def _end(self, handle: ProcessHandle[R], *, at_once: bool) -> None:
        if at_once:
            handle.kill()
            await handle.exited
        else:
            await handle.drain(min(self._config.grace_period, GRACE))

    def _adopt(self, handle: ProcessHandle[R]) -> None:
        self._handle = handle
        self._begin(self._watch(handle))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self, handle: ProcessHandle[R]) -> None:
        """Wait for its end; unless it was told to leave, start another."""
        status = await handle.exited
        self._ended = self.kind.add(self._ended, handle.last_report)
        for name in _OF_NOW:
            if hasattr(self._ended, name):
                setattr(self._ended, name, 0)
        handle.close()
        if self._handle is not handle:
            return
        self._handle = None
        delay = self._backoff.died(asyncio.get_running_loop().time() - handle.started)
        while self._wanted and self._handle is None:
            self._log.error(f"{self.kind.name} died", pid=handle.pid, status=status, restart_in_seconds=delay)
            self.restarts += 1
            await asyncio.sleep(delay)
            try:
                await self._start_again()
            except (BartizanError, OSError) as error:
                self._log.error(f"{self.kind.name} not started", error=str(error))
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

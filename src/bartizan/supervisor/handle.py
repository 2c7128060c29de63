"""A process as the supervisor sees it: spawned with exec, ordered over its channel."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import sys
from collections.abc import Mapping
from typing import Generic, TypeVar

import msgspec

from bartizan.config.model import Config, Logging
from bartizan.edge.stats import WorkerReport
from bartizan.errors import ControlError
from bartizan.process.channel import (
    Channel,
    Commit,
    Done,
    Drain,
    Failed,
    Message,
    Prepare,
    Report,
    Reported,
    Rollback,
    Start,
)
from bartizan.process.plain import encode_config
from bartizan.supervisor.kinds import Kind

__all__ = ["OrderFailed", "ProcessHandle", "WorkerHandle", "spawn_companion"]

R = TypeVar("R", bound=msgspec.Struct)

ORDER_TIMEOUT = 60.0  # seconds; building a large configuration takes a while
REPORT_TIMEOUT = 2.0


class OrderFailed(ControlError):
    """A worker could not carry out an order; its message says why."""


class ProcessHandle(Generic[R]):
    """A running process, called ``name`` in messages. ``exited`` is done when it is gone.

    ``last_report`` is what it has counted as far as it is known: at first the one given, which has its type.
    """

    def __init__(self, name: str, process: asyncio.subprocess.Process, channel: Channel, report: R) -> None:
        loop = asyncio.get_running_loop()
        self.name = name
        self.process = process
        self.started = loop.time()
        self.serving = False
        self.last_report: R = report
        self._channel = channel
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._listening = loop.create_task(self._listen())
        self.exited: asyncio.Task[int] = loop.create_task(process.wait())

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    async def start(self, config: Config, sockets: Mapping[str, socket.socket]) -> None:
        """Have it serve; raises ``OrderFailed`` or ``ControlError``."""
        order = Start(next(self._numbers), encode_config(config), list(sockets))
        await self._order(order, [sock.fileno() for sock in sockets.values()])
        self.serving = True

    async def prepare(self, config: Config, sockets: Mapping[str, socket.socket]) -> None:
        """Have it build a configuration; raises ``OrderFailed`` or ``ControlError``."""
        order = Prepare(next(self._numbers), encode_config(config), list(sockets))
        await self._order(order, [sock.fileno() for sock in sockets.values()])

    async def commit(self) -> None:
        """Have it swap to what it prepared."""
        await self._order(Commit(next(self._numbers)))

    async def rollback(self) -> None:
        """Have it throw away what it prepared."""
        await self._order(Rollback(next(self._numbers)))

    async def report(self) -> R:
        """Return what it has counted; its last report if it does not answer in time."""
        if self.serving:
            try:
                answer = await self._order(Report(next(self._numbers)), timeout=REPORT_TIMEOUT)
            except ControlError:
                return self.last_report
            if isinstance(answer, Reported):
                self.last_report = msgspec.msgpack.decode(answer.report, type=type(self.last_report))
        return self.last_report

    async def drain(self, grace: float) -> None:
        """Have it finish within ``grace`` seconds and leave; kills it if it does not."""
        if self.serving:
            await self.report()
        self.serving = False
        try:
            await self._order(Drain(next(self._numbers), grace), timeout=grace + 5.0)
            await asyncio.wait_for(asyncio.shield(self.exited), 5.0)
        except (ControlError, TimeoutError):
            self.kill()
        await self.exited

    def kill(self) -> None:
        """End the process at once."""
        if self.process.returncode is None:
            self.process.kill()

    def close(self) -> None:
        """Give back the channel of a process that has gone."""
        self.serving = False
        self._channel.close()
        self._listening.cancel()
        self._fail_waiting()

    async def _order(
        self, message: Start | Prepare | Commit | Rollback | Report | Drain, fds: list[int] | None = None, *,
        timeout: float = ORDER_TIMEOUT,  # noqa: ASYNC109 - the channel has no other way to give up
    ) -> Message:  # fmt: skip
        waiting: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[message.number] = waiting
        try:
            await self._channel.send(message, fds or [])
            answer = await asyncio.wait_for(waiting, timeout)
        except TimeoutError:
            raise ControlError(f"{self.name} (pid {self.pid}) did not answer within {timeout:g} s") from None
        finally:
            self._waiting.pop(message.number, None)
        if isinstance(answer, Failed):
            raise OrderFailed(answer.message)
        return answer

    async def _listen(self) -> None:
        while (received := await self._channel.receive()) is not None:
            message, _ = received
            waiting = self._waiting.get(message.number) if isinstance(message, Done | Failed | Reported) else None
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        self._fail_waiting()

    def _fail_waiting(self) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ControlError(f"{self.name} (pid {self.pid}) is gone"))


class WorkerHandle(ProcessHandle[WorkerReport]):
    """A running edge worker of ``slot``."""

    def __init__(self, slot: int, process: asyncio.subprocess.Process, channel: Channel) -> None:
        super().__init__(f"worker {slot}", process, channel, WorkerReport())
        self.slot = slot

    @classmethod
    async def spawn(cls, slot: int, logging: Logging) -> WorkerHandle:
        """Start a process that waits for its first order."""
        return cls(slot, *await _spawn("bartizan.edge.process", slot, logging))


async def spawn_companion(kind: Kind[R], config: Config) -> ProcessHandle[R]:
    """Start a process of a kind, which waits for its first order."""
    process, channel = await _spawn(kind.module, 0, config.logging)
    return ProcessHandle(f"the {kind.name} process", process, channel, kind.report())


async def _spawn(module: str, slot: int, logging: Logging) -> tuple[asyncio.subprocess.Process, Channel]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with theirs:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, str(theirs.fileno()), str(slot), logging.model_dump_json(),
            pass_fds=(theirs.fileno(),), stdin=asyncio.subprocess.DEVNULL, env=_environment(),
        )  # fmt: skip
    return process, Channel(ours, asyncio.get_running_loop())


def _environment() -> dict[str, str]:
    """What a worker inherits: nothing that a secret could be in."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "VIRTUAL_ENV", "SSL_CERT_FILE", "SSL_CERT_DIR")
    return {name: os.environ[name] for name in kept if name in os.environ}

"""The main of one process below the supervisor: orders come over the channel, what it serves carries them out."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec
import structlog
import uvloop
from structlog.typing import FilteringBoundLogger

from bartizan.config.log_setup import configure_logging
from bartizan.config.model import Config, Logging
from bartizan.errors import BartizanError, ControlError
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
from bartizan.process.plain import decode_config

__all__ = ["Orders", "Served", "run_process"]

ORPHAN_GRACE = 10.0  # seconds that exchanges get when the supervisor has died


class Served(Protocol):
    """What a process is for.

    ``start`` and ``prepare`` raise ``BartizanError`` or ``OSError``, and have no effect then.
    """

    async def start(self, config: Config, sockets: Mapping[str, socket.socket]) -> None:
        """Serve ``config`` on sockets that are bound already, by listener name."""
        ...

    async def prepare(self, config: Config, sockets: Mapping[str, socket.socket]) -> None:
        """Build the next configuration beside the one in force."""
        ...

    async def commit(self) -> None:
        """Swap to what was prepared."""
        ...

    def rollback(self) -> None:
        """Throw away what was prepared."""
        ...

    def report(self) -> msgspec.Struct:
        """Return what has been counted."""
        ...

    async def drain(self, grace: float) -> None:
        """Take nothing new, and finish within ``grace`` seconds."""
        ...

    async def close(self) -> None:
        """Give back everything."""
        ...


class Orders:
    """Carries out the supervisor's orders one after the other; leaves, draining, when the channel closes."""

    def __init__(self, channel: Channel, served: Served, log: FilteringBoundLogger) -> None:
        self._channel = channel
        self._served = served
        self._log = log
        self._serving = False

    async def run(self) -> None:
        """Serve until told to drain."""
        grace = ORPHAN_GRACE
        number = None
        while (received := await self._channel.receive()) is not None:
            message, fds = received
            if isinstance(message, Drain):
                grace, number = message.grace, message.number
                break
            await self._answer(message, fds)
        if self._serving:
            await self._served.drain(grace)
            await self._served.close()
        if number is not None:
            await self._channel.send(Done(number))

    async def _answer(self, message: Message, fds: list[int]) -> None:
        try:
            answer = await self._carry_out(message, fds)
        except (BartizanError, OSError) as error:
            answer = Failed(message.number, str(error))
        except Exception as error:  # noqa: BLE001 - the supervisor has to hear of a defect too
            self._log.exception("order failed", order=type(message).__name__)
            answer = Failed(message.number, f"{type(error).__name__}: {error}")
        await self._channel.send(answer)

    async def _carry_out(self, message: Message, fds: list[int]) -> Done | Failed | Reported:
        match message:
            case Start():
                await self._served.start(decode_config(message.config), _sockets(message.listeners, fds))
                self._serving = True
            case Prepare():
                await self._served.prepare(decode_config(message.config), _sockets(message.listeners, fds))
            case Commit():
                await self._served.commit()
            case Rollback():
                self._served.rollback()
            case Report():
                return Reported(message.number, msgspec.Raw(msgspec.msgpack.encode(self._served.report())))
            case _:
                return Failed(message.number, f"this process takes no {type(message).__name__}")
        return Done(message.number)


def run_process(
    name: str,
    arguments: list[str],
    make: Callable[[asyncio.AbstractEventLoop, int, FilteringBoundLogger], Served],
) -> None:
    """Run a process of kind ``name`` to its end, on its own uvloop.

    ``arguments`` are the channel's descriptor, the slot, and the logging settings as JSON; ``make`` returns what it
    serves, given the loop, the slot and a log.
    """
    fd, slot, logging = arguments
    _raise_file_limit()
    configure_logging(Logging.model_validate_json(logging), process=name, slot=int(slot))
    log = structlog.get_logger(f"bartizan.{name}")
    uvloop.run(_run(int(fd), lambda loop: make(loop, int(slot), log), log))


async def _run(fd: int, make: Callable[[asyncio.AbstractEventLoop], Served], log: FilteringBoundLogger) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)  # the supervisor gives the orders, also when a terminal signals the group
    channel = Channel(socket.socket(fileno=fd), loop)
    orders = Orders(channel, make(loop), log)
    loop.add_signal_handler(signal.SIGTERM, channel.close)
    try:
        await orders.run()
    except ControlError:
        pass
    finally:
        channel.close()


def _sockets(names: list[str], fds: list[int]) -> dict[str, socket.socket]:
    return {name: socket.socket(fileno=fd) for name, fd in zip(names, fds, strict=True)}


def _raise_file_limit() -> None:
    """Take as many descriptors as may be had: each connection is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

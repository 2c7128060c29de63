"""The main of one worker process: orders come over the control channel, the data plane carries them out."""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
import socket
import sys

import msgspec
import structlog
import uvloop

from bartizan.config.log_setup import configure_logging
from bartizan.config.model import Config, Logging
from bartizan.edge.channel import (
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
from bartizan.edge.worker import EdgeWorker
from bartizan.errors import BartizanError, ControlError

__all__ = ["main"]

ORPHAN_GRACE = 10.0  # seconds that exchanges get when the supervisor has died


class Process:
    """Carries out the supervisor's orders one after the other; leaves, draining, when the channel closes."""

    def __init__(self, loop: asyncio.AbstractEventLoop, channel: Channel, slot: int) -> None:
        self._channel = channel
        self._log = structlog.get_logger("bartizan.edge").bind(slot=slot)
        self._worker = EdgeWorker(loop, slot=slot, log=self._log)
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
            await self._worker.drain(grace)
            await self._worker.close()
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
                await self._worker.start(decode_config(message.config), _sockets(message.listeners, fds))
                self._serving = True
                gc.collect()
                gc.freeze()
                gc.set_threshold(20_000, 50, 100)  # exchanges make no cycles: look for them rarely
            case Prepare():
                await self._worker.prepare(decode_config(message.config), _sockets(message.listeners, fds))
            case Commit():
                await self._worker.commit()
            case Rollback():
                self._worker.rollback()
            case Report():
                return Reported(message.number, self._worker.report())
            case _:
                return Failed(message.number, f"a worker takes no {type(message).__name__}")
        return Done(message.number)


def decode_config(data: bytes) -> Config:
    """Read a configuration that the supervisor has resolved and checked."""
    return Config.model_validate(msgspec.msgpack.decode(data))


def _sockets(names: list[str], fds: list[int]) -> dict[str, socket.socket]:
    return {name: socket.socket(fileno=fd) for name, fd in zip(names, fds, strict=True)}


async def _run(fd: int, slot: int) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)  # the supervisor gives the orders, also when a terminal signals the group
    channel = Channel(socket.socket(fileno=fd), loop)
    process = Process(loop, channel, slot)
    loop.add_signal_handler(signal.SIGTERM, channel.close)
    try:
        await process.run()
    except ControlError:
        pass
    finally:
        channel.close()


def _raise_file_limit() -> None:
    """Take as many descriptors as may be had: each client and each upstream connection is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main(arguments: list[str]) -> None:
    """Run a worker: ``arguments`` are the channel's descriptor, the slot, and the logging settings as JSON."""
    fd, slot, logging = arguments
    configure_logging(Logging.model_validate_json(logging), slot=int(slot))
    _raise_file_limit()
    uvloop.run(_run(int(fd), int(slot)))


if __name__ == "__main__":
    main(sys.argv[1:])

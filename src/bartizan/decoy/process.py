"""The main of the decoy process."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys

import structlog
import uvloop
from structlog.typing import FilteringBoundLogger

from bartizan.config.log_setup import configure_logging
from bartizan.config.model import Config
from bartizan.decoy.confine import confine
from bartizan.decoy.listen import SOCKET
from bartizan.decoy.server import DecoyServer
from bartizan.errors import DecoyError
from bartizan.process.orders import run_process

__all__ = ["main", "serve_alone"]


def _make(loop: asyncio.AbstractEventLoop, slot: int, log: FilteringBoundLogger) -> DecoyServer:  # noqa: ARG001
    return DecoyServer(log)


def main(arguments: list[str]) -> None:
    """Run the decoy for a supervisor: ``arguments`` as ``run_process`` takes them. It confines itself first."""
    try:
        confine()
    except DecoyError as error:
        sys.exit(str(error))
    _silence()
    run_process("decoy", arguments, _make)


def serve_alone(config: Config, sock: socket.socket) -> None:
    """Run it without a supervisor until SIGTERM or SIGINT; confines this process for good.

    ``config`` is what ``decoy_config`` made, ``sock`` what ``listen`` did. Raises ``BartizanError``.
    """
    confine()
    configure_logging(config.logging, process="decoy", slot=0)
    _silence()
    uvloop.run(_serve(config, sock))


async def _serve(config: Config, sock: socket.socket) -> None:
    leave = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave.set)
    server = DecoyServer(structlog.get_logger("bartizan.decoy"))
    await server.start(config, {SOCKET: sock})
    await leave.wait()
    await server.drain(config.grace_period)
    await server.close()


def _silence() -> None:
    logging.getLogger("uvicorn").addHandler(logging.NullHandler())  # what matters is logged where it is handled


if __name__ == "__main__":
    main(sys.argv[1:])

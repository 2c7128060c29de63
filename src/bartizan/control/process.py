"""The main of the control process."""

from __future__ import annotations

import asyncio
import logging
import sys

from structlog.typing import FilteringBoundLogger

from bartizan.control.server import ControlServer
from bartizan.process.orders import run_process

__all__ = ["main"]


def _make(loop: asyncio.AbstractEventLoop, slot: int, log: FilteringBoundLogger) -> ControlServer:  # noqa: ARG001
    return ControlServer(loop, log=log)


def main(arguments: list[str]) -> None:
    """Run control: ``arguments`` as ``run_process`` takes them."""
    logging.getLogger("uvicorn").addHandler(logging.NullHandler())  # what matters is logged where it is handled
    run_process("control", arguments, _make)


if __name__ == "__main__":
    main(sys.argv[1:])

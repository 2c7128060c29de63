"""The main of one edge process."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from collections.abc import Mapping

from structlog.typing import FilteringBoundLogger

from bartizan.config.model import Config
from bartizan.edge.worker import EdgeWorker
from bartizan.process.orders import run_process

__all__ = ["main"]


class _Settled(EdgeWorker):
    """A worker that has its process to itself."""

    async def start(self, config: Config, sockets: Mapping[str, socket.socket]) -> None:
        """See ``EdgeWorker``."""
        await super().start(config, sockets)
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 50, 100)  # exchanges make no cycles: look for them rarely


def _make(loop: asyncio.AbstractEventLoop, slot: int, log: FilteringBoundLogger) -> EdgeWorker:
    return _Settled(loop, slot=slot, log=log)


def main(arguments: list[str]) -> None:
    """Run a worker: ``arguments`` as ``run_process`` takes them."""
    run_process("edge", arguments, _make)


if __name__ == "__main__":
    main(sys.argv[1:])

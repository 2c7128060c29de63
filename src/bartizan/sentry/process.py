"""The main of the sentry process."""

from __future__ import annotations

import asyncio
import sys

from structlog.typing import FilteringBoundLogger

from bartizan.process.orders import run_process
from bartizan.sentry.server import SentryServer

__all__ = ["main"]


def _make(loop: asyncio.AbstractEventLoop, slot: int, log: FilteringBoundLogger) -> SentryServer:  # noqa: ARG001
    return SentryServer(loop, log=log)


def main(arguments: list[str]) -> None:
    """Run the sentry: ``arguments`` as ``run_process`` takes them."""
    run_process("sentry", arguments, _make)


if __name__ == "__main__":
    main(sys.argv[1:])

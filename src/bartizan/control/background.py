"""What is done after an answer: messages to devices, records that nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from structlog.typing import FilteringBoundLogger

from bartizan.control.defects import told

__all__ = ["Background"]

MOST = 1000  # that may be under way at once; what comes then is left undone, and logged


class Background:
    """Call it with a coroutine, on the loop that serves; what it raises is logged.

    It begins after ``delay`` seconds, in which answers go out: so nobody can tell from their time what follows.
    """

    def __init__(self, log: FilteringBoundLogger, delay: float = 0.0) -> None:
        self._log = log
        self._delay = delay
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it soon."""
        if len(self._tasks) >= MOST:
            self._log.error("left undone: too much is to be done after answers", what=_name(work))
            work.close()
            return
        task = asyncio.get_running_loop().create_task(self._do(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self, grace: float) -> None:
        """Let what is under way finish for at most ``grace`` seconds, and end the rest."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _do(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await asyncio.sleep(self._delay)
            await work
        except Exception as error:  # noqa: BLE001 - nobody else hears of it
            self._log.error("not done after an answer", what=_name(work), **told(error))
        finally:
            work.close()  # it may have been ended before it began


def _name(work: Coroutine[Any, Any, None]) -> str:
    return str(getattr(work, "__qualname__", type(work).__name__))

"""Where signals of control go: into the journal of worker ``control``, beside the exchange that they are about."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from bartizan.config.model import Journal
from bartizan.control.stats import Stats
from bartizan.detection.catalogue import complete
from bartizan.evidence.journal import JournalWriter, signal_record
from bartizan.pipeline import Signal

__all__ = ["Signals"]

WORKER = "control"


class Signals:
    """Call it with a signal and the id of its exchange, from any thread. ``directory`` is ``storage.directory``."""

    def __init__(
        self,
        settings: Journal,
        directory: Path,
        stats: Stats,
        log: FilteringBoundLogger,
        clock: Callable[[], float],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._stats = stats
        self._log = log
        self._clock = clock
        self._loop = loop
        self._numbers = itertools.count()
        self._writer = (
            JournalWriter(settings, directory / "journal", WORKER, self._full, clock) if settings.enabled else None
        )

    def __call__(self, signal: Signal, exchange: str = "") -> None:
        """Journal and count a signal; ``exchange`` is the id that the edge gave, or empty where there is none."""
        self._loop.call_soon_threadsafe(self._take, signal, exchange, self._clock())

    async def run(self) -> None:
        """Write as configured until cancelled."""
        if self._writer is not None:
            await self._writer.run()

    async def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            await asyncio.sleep(0)  # what was handed over from other threads comes first
            await self._writer.close()

    @property
    def dropped(self) -> int:
        """How many records were lost."""
        return 0 if self._writer is None else self._writer.stats.dropped

    def _take(self, signal: Signal, exchange: str, time: float) -> None:
        self._stats.signal(signal.name)
        if self._writer is not None:
            uid = f"{exchange or secrets.token_hex(16)}-{WORKER}-{next(self._numbers)}"
            completed = complete(signal, None)
            self._writer.append(signal_record(completed, uid=uid, time=time, exchange_id=exchange or None))

    def _full(self, error: OSError) -> None:
        self._stats.signal("journal.full")
        self._log.critical(
            "JOURNAL STOPPED: signals of control are not recorded",
            error=str(error),
            remedy="if the disk is full, free space or lower storage.journal.max_bytes; else see to the disk",
        )

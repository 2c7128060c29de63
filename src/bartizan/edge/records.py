"""What a worker does with finished exchanges: into the journal they go, with a record for each signal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from bartizan.config.model import Journal
from bartizan.detection.catalogue import complete
from bartizan.edge.stats import JournalReport, Stats
from bartizan.evidence.journal import JournalWriter, exchange_record, signal_records
from bartizan.pipeline import Exchange

__all__ = ["Recorder"]


class Recorder:
    """Journals exchanges; called with each one that is over. ``observe`` is called with it too, before."""

    def __init__(
        self,
        settings: Journal,
        directory: Path,
        worker: str,
        stats: Stats,
        log: FilteringBoundLogger,
        observe: Callable[[Exchange], None] | None = None,
    ) -> None:
        self._log = log
        self._observe = observe
        self._stats = stats
        self._refuse = settings.on_full == "refuse"
        self._writer = JournalWriter(settings, directory / "journal", worker, self._full) if settings.enabled else None

    def __call__(self, exchange: Exchange) -> None:
        """Journal a finished exchange and its signals, with all that their guards left out."""
        if exchange.signals:
            exchange.signals[:] = [complete(signal, exchange) for signal in exchange.signals]
        if self._observe is not None:
            self._observe(exchange)
        writer = self._writer
        if writer is None:
            return
        writer.append(exchange_record(exchange))
        if exchange.signals:
            for record in signal_records(exchange):
                writer.append(record)

    @property
    def refusing(self) -> bool:
        """Whether exchanges must be refused because they could not be journaled."""
        return self._refuse and self._writer is not None and self._writer.full

    async def run(self) -> None:
        """Flush as configured until cancelled."""
        if self._writer is not None:
            await self._writer.run()

    async def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            await self._writer.close()

    def report(self) -> JournalReport:
        """Return how the journal stands."""
        writer = self._writer
        if writer is None:
            return JournalReport()
        stats = writer.stats
        return JournalReport(stats.records, stats.bytes, stats.dropped, writer.lag(), writer.full)

    def _full(self, error: OSError) -> None:
        self._stats.signal("journal.full")
        self._log.critical(
            "JOURNAL STOPPED: exchanges are not recorded",
            error=str(error),
            traffic="refused with 503" if self._refuse else "goes on",
            remedy="if the disk is full, free space or lower storage.journal.max_bytes; else see to the disk",
        )

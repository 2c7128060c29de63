"""Writes transcripts in a thread of its own: no answer waits for the disk, and none fails when it is full."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from structlog.typing import FilteringBoundLogger

from bartizan.decoy.entry import Entry
from bartizan.decoy.transcript import Transcripts

__all__ = ["Recorder"]

MAX_WAITING = 1024
MAX_WAITING_BYTES = 64 * 1024 * 1024


class Recorder:
    """Takes entries; ``written`` and ``dropped`` count them."""

    def __init__(self, transcripts: Transcripts, log: FilteringBoundLogger) -> None:
        self.transcripts = transcripts
        self.written = 0
        self.dropped = 0
        self._log = log
        self._waiting = self._bytes = 0
        self._lock = Lock()
        self._failing = False
        self._thread = ThreadPoolExecutor(1, "transcripts")

    def record(self, make: Callable[[], Entry], size: int = 0) -> None:
        """Have an entry made and written; where too much waits, it is dropped. ``size`` is what it takes till then."""
        with self._lock:
            if self._waiting >= MAX_WAITING or self._bytes + size > MAX_WAITING_BYTES:
                self.dropped += 1
                return
            self._waiting += 1
            self._bytes += size
        self._thread.submit(self._write, make, size)

    def close(self) -> None:
        """Write what waits."""
        self._thread.shutdown()

    def _write(self, make: Callable[[], Entry], size: int) -> None:
        try:
            self.transcripts.append(make())
        except OSError as error:
            self.dropped += 1
            if not self._failing:
                self._failing = True
                self._log.error("transcripts are not written", error=str(error), remedy="make room on the disk")
        except Exception as error:  # noqa: BLE001 - one entry must not end the thread
            self.dropped += 1
            self._log.exception("an entry of a transcript was not written", error=repr(error))
        else:
            self.written += 1
            if self._failing:
                self._failing = False
                self._log.info("transcripts are written again", dropped=self.dropped)
        finally:
            with self._lock:
                self._waiting -= 1
                self._bytes -= size

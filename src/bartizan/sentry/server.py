"""One sentry process put together: reads journals, tells of risks, keeps what it knows, undoes what is pardoned."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from bartizan.config.model import Config, Sentry
from bartizan.detection.risk import Engine, RiskSettings
from bartizan.errors import ConfigError, JournalError, Problem, StateError
from bartizan.evidence.journal import Entry, Follower
from bartizan.process.memory import resident_bytes
from bartizan.sentry.asn import AsnDatabase
from bartizan.sentry.keeping import Keeping
from bartizan.sentry.publisher import Publisher
from bartizan.sentry.reading import Reading
from bartizan.sentry.stats import SentryReport
from bartizan.sentry.store import Store
from bartizan.sentry.tail import Tail
from bartizan.sentry.undoing import Undoing
from bartizan.storage.state import StateOpener, open_state

__all__ = ["SentryServer"]

SLICE = 0.02  # seconds of reading before risks are told and orders are heard
KEEP = 0.5  # seconds between two writes
TRY_AGAIN = 5.0  # seconds until the next one where one has failed
LOOK = 0.1  # seconds between two looks at pardons and decisions
AGAIN = 1.0  # seconds between two looks at what has changed by time alone
LAST = 3.0  # seconds for the rest of the journals, at the end
GC_THRESHOLD = 50_000  # objects made before the garbage collector looks at the youngest
_LOCK = "lock"


class SentryServer:
    """``start``, reloads in two steps, then ``drain`` and ``close``, as an edge worker has them.

    ``clock`` is Unix time in seconds, ``opener`` opens the shared state; ``give_up`` ends the process where a defect
    has ended the work, so that the supervisor starts another.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        log: FilteringBoundLogger,
        clock: Callable[[], float] = time.time,
        opener: StateOpener = open_state,
        give_up: Callable[[], None] = lambda: signal.raise_signal(signal.SIGTERM),
    ) -> None:
        self._give_up = give_up
        self._loop = loop
        self._log = log
        self._clock = clock
        self._open_state = opener
        self._config: Config
        self._prepared: tuple[Config, AsnDatabase | None] | None = None
        self._asn: AsnDatabase | None = None
        self._published = 0
        self._damaged = 0
        self._failing = False
        self._unreadable = False
        self._keep_at = 0.0
        self._writing: asyncio.Task[bool] | None = None
        self._stopping = asyncio.Event()
        self._running: asyncio.Task[None]
        self._lock_file = -1
        self._ready = False
        self.reading: Reading

    async def start(self, config: Config, sockets: Mapping[str, socket.socket]) -> None:  # noqa: ARG002 - it has none
        """Begin to read; raises ``BartizanError`` for what cannot be used.

        Another sentry in the same directory is waited for: each record has to be counted once.
        """
        self._config, directory = config, Path(config.storage.directory)
        self._asn = _asn(config.sentry)
        self._state = self._open_state(config.storage.state, directory, self._clock)
        self._store = Store(directory, config.sentry.map_size)
        self._keeping = Keeping(self._store, self._log)
        self._engine = Engine(RiskSettings.of(config.sentry))
        self.reading = Reading(self._engine, self._asn)
        self._publisher = Publisher(self._state, self._engine, self._keeping.source)
        self._undoing = Undoing(self._state, self._engine, self.reading.cases, self._publisher)
        self._running = self._loop.create_task(self._run(directory))
        self._running.add_done_callback(self._ended)

    async def prepare(self, config: Config, sockets: Mapping[str, socket.socket]) -> None:  # noqa: ARG002
        """Open what the next configuration names. Raises ``BartizanError`` and has no effect then."""
        if config.storage != self._config.storage or config.sentry.map_size != self._config.sentry.map_size:
            remedy = "restart it for this"
            problem = Problem("", 0, 0, "storage, sentry.map_size", "cannot change while Bartizan runs", remedy=remedy)
            raise ConfigError([problem])
        self._prepared = config, _asn(config.sentry)

    async def commit(self) -> None:
        """Swap to what was prepared; what is known stays."""
        if self._prepared is None:
            return
        before = self._asn
        (self._config, self._asn), self._prepared = self._prepared, None
        self.reading.asn_of = self._asn
        self._engine.configure(RiskSettings.of(self._config.sentry))
        if before is not None:
            before.close()

    def rollback(self) -> None:
        """Throw away what was prepared."""
        if self._prepared is not None and self._prepared[1] is not None:
            self._prepared[1].close()
        self._prepared = None

    def report(self) -> SentryReport:
        """Return how it stands; nothing is known while what was kept is restored, or another sentry is waited for."""
        if not self._ready:
            return SentryReport(resident_bytes=resident_bytes())
        counts, (behind, since) = self.reading.counts, self._tail.behind()
        return SentryReport(
            records=counts.records,
            exchanges=counts.exchanges,
            findings=counts.findings,
            signals=counts.signals,
            published=self._published,
            damaged=self._damaged + self._tail.damaged,
            lost_segments=self._tail.lost,
            unwritten=self._keeping.unwritten,
            behind_bytes=behind,
            behind_seconds=0.0 if since is None else max(0.0, self._clock() - since),
            actors=len(self._engine),
            standings=len(self._publisher),
            cases=len(self.reading.cases),
            decisions=len(self._undoing),
            resident_bytes=resident_bytes(),
        )

    async def drain(self, grace: float) -> None:
        """Read what is left in the journals, within ``grace`` seconds, and keep it."""
        self._stopping.set()
        done, _ = await asyncio.wait((self._running,), timeout=min(grace, LAST))
        if not done:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self._written()
        if self._ready:
            await self._keeping.write(self._keeping.collect(self.reading, self._undoing))

    async def close(self) -> None:
        """Give back everything."""
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self._written()
        self._store.close()
        if self._lock_file >= 0:
            os.close(self._lock_file)
        if self._asn is not None:
            self._asn.close()
        await self._state.close()

    async def _written(self) -> None:
        """Wait until nothing is being written."""
        if self._writing is not None:
            await asyncio.wait((self._writing,))

    async def _run(self, directory: Path) -> None:
        await self._alone(directory / "sentry" / _LOCK)
        actors = await asyncio.to_thread(self._keeping.restore, self.reading, self._undoing)
        gc.freeze()  # what was restored stays: to look through it again and again would cost more than it frees
        gc.set_threshold(GC_THRESHOLD, 20, 100)
        journal = directory / "journal"
        self._tail = Tail(Follower(journal, self.reading.checkpoint), journal, self.reading, self._log)
        self._ready = True
        await self._try(self._publisher.tell(actors, self._clock()))
        look_at = again_at = 0.0
        while True:
            idle = await self._read()
            now = time.monotonic()
            if now >= look_at:
                look_at = now + LOOK
                await self._try(self._undoing.look(self._clock()))
            if now >= again_at:
                again_at = now + AGAIN
                self._engine.forget(self._clock())
                await self._try(self._publisher.look_again(self._clock()))
            if idle:
                self.reading.settle()  # what belongs together is written at once
                if self._stopping.is_set():
                    return
            await asyncio.sleep(self._config.sentry.poll if idle else 0)

    def _ended(self, running: asyncio.Task[None]) -> None:
        error = None if running.cancelled() else running.exception()
        if error is not None:
            self._log.critical("the sentry has failed", error=repr(error), exc_info=error)
            self._give_up()

    async def _alone(self, path: Path) -> None:
        """Wait until no other process is the sentry of this directory."""
        self._lock_file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        waited = False
        while True:
            try:
                fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not waited:
                    self._log.info("another sentry is still there, waiting for its end", lock=str(path))
                waited = True
                await asyncio.sleep(LOOK)
            else:
                return

    async def _read(self) -> bool:
        """Read once through what the journals have; tells whether there was nothing. Risks are told as they come."""
        entries = self._tail.entries()
        any_read = False
        while True:
            until, end = time.monotonic() + SLICE, True
            for entry in _guarded(entries, self._journal_failed):
                any_read = True
                self._take(entry)
                if time.monotonic() >= until:
                    end = False
                    break
            await self._try(self._tell())
            self._keep()
            if end:
                return not any_read
            await asyncio.sleep(0)

    def _take(self, entry: Entry) -> None:
        try:
            self.reading.take(entry)
        except Exception as error:  # noqa: BLE001 - one record must not keep the sentry from all others
            self._damaged += 1
            self._log.exception("a record is set aside", segment=entry.position.segment, offset=entry.position.offset,
                                error=repr(error))  # fmt: skip

    def _keep(self) -> None:
        """Begin to write what is new, once in a while; a slow disk keeps nobody from reading."""
        now = time.monotonic()
        if self._writing is not None:
            if not self._writing.done():
                return
            self._keep_at = now + (KEEP if self._writing.result() else TRY_AGAIN)
            self._writing = None
        if now >= self._keep_at:
            kept = self._keeping.collect(self.reading, self._undoing)
            self._writing = self._loop.create_task(self._keeping.write(kept))

    async def _tell(self) -> None:
        changed = self._engine.changed()
        if changed:
            self._published += await self._publisher.tell(changed, self._clock())

    async def _try(self, work: Awaitable[object]) -> None:
        """Wait for what needs the shared state; what fails is tried again with the next turn."""
        try:
            await work
            self._failing = False
        except StateError as error:
            if not self._failing:
                self._log.error("the shared state cannot be used, risks are told later", error=str(error))
            self._failing = True

    def _journal_failed(self, error: JournalError) -> None:
        if not self._unreadable:
            self._log.error("the journals cannot be read", error=str(error))
        self._unreadable = True


def _guarded(entries: Iterator[Entry], failed: Callable[[JournalError], None]) -> Iterator[Entry]:
    try:
        yield from entries
    except JournalError as error:
        failed(error)


def _asn(settings: Sentry) -> AsnDatabase | None:
    return None if settings.asn_database is None else AsnDatabase(Path(settings.asn_database))

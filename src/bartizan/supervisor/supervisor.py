"""Starts the workers and control, keeps them running, replaces, reloads and drains them.

up ──▶ start N workers ──▶ SERVING ──SIGHUP, file changed, `reload`──▶ prepare all ──▶ commit all, or roll back all
                              │  └──SIGUSR2──▶ one by one: start the new one, then drain the old one
                              │  └──a process dies──▶ start another in its place, with back-off
                              └──SIGTERM, SIGINT──▶ DRAINING ──▶ gone (a second signal: at once)
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from structlog.typing import FilteringBoundLogger

from bartizan.access.check import notices
from bartizan.config.load import LoadedConfig
from bartizan.config.model import Config
from bartizan.detection.obstacles.check import notices as obstacle_notices
from bartizan.edge.stats import WorkerReport
from bartizan.errors import BartizanError, ConfigError, ControlError
from bartizan.supervisor.backoff import Backoff
from bartizan.supervisor.companions import Companions, Spawn
from bartizan.supervisor.handle import OrderFailed, WorkerHandle
from bartizan.supervisor.rules import compile_rules
from bartizan.supervisor.sockets import ListeningSockets
from bartizan.supervisor.totals import Totals

__all__ = ["ReloadOutcome", "Status", "Supervisor"]


@dataclass(frozen=True, slots=True)
class ReloadOutcome:
    """How a reload ended: ``problems`` say why the old configuration was kept."""

    done: bool
    summary: str
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class Status:
    """What operators ask for."""

    generation: int = 0
    reloads: dict[str, int] = field(default_factory=lambda: {"succeeded": 0, "failed": 0})
    last_reload: float = 0.0
    restarts: int = 0
    draining: bool = False


class Supervisor:
    """See the module's header.

    ``load`` reads the configuration again; ``spawn`` starts a worker process for a slot, ``spawn_companion`` one of
    those beside them.
    """

    def __init__(
        self,
        loaded: LoadedConfig,
        load: Callable[[], LoadedConfig],
        log: FilteringBoundLogger,
        spawn: Callable[[int, Config], Awaitable[WorkerHandle]],
        spawn_companion: Spawn,
    ) -> None:
        self.config = loaded.config
        self.loaded = loaded
        self.status = Status(generation=1, last_reload=time.time())
        self.totals = Totals()
        self._load = load
        self._log = log
        self._spawn = spawn
        self._slots = worker_count(self.config)
        self._sockets = ListeningSockets(self._slots)
        self._workers: dict[int, WorkerHandle] = {}
        self._watchers: set[asyncio.Task[None]] = set()
        self._backoffs: dict[int, Backoff] = {}
        self._changing = asyncio.Lock()
        self.companions = Companions(log, spawn_companion)
        self._stopped = asyncio.Event()

    # life

    async def start(self) -> None:
        """Start all processes; raises ``BartizanError`` if one cannot serve."""
        await compile_rules(self.config, self._log)
        self._tell_notices()
        for slot in range(self._slots):
            self._sockets.for_slot(self.config.listeners, slot)
        started = [asyncio.create_task(self._start_worker(slot)) for slot in range(self._slots)]
        results = await asyncio.gather(*started, self.companions.start(self.config), return_exceptions=True)
        for result in results:
            if isinstance(result, WorkerHandle):
                self._adopt(result)
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            await self.stop(at_once=True)
            raise failures[0]

    async def stop(self, *, at_once: bool = False) -> None:
        """Drain and end all processes; ``at_once`` kills them."""
        self.status.draining = True
        self._stopped.set()
        workers = list(self._workers.values())
        if at_once:
            for worker in workers:
                worker.kill()
        grace = self.config.grace_period
        await asyncio.gather(*(worker.exited if at_once else worker.drain(grace) for worker in workers))
        await self.companions.stop(at_once=at_once)  # exchanges of the workers may have needed them until now
        for task in self._watchers:
            task.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        for worker in workers:
            worker.close()
        self._sockets.keep_only([])

    def kill_workers(self) -> None:
        """End everything that is still draining."""
        for worker in self._workers.values():
            worker.kill()
        self.companions.kill()

    # what operators can have done

    async def reload(self) -> ReloadOutcome:
        """Read the configuration again and have all workers swap to it, or none."""
        async with self._changing:
            try:
                loaded = await asyncio.to_thread(self._load)
                self._check_unchangeable(loaded.config)
                if loaded.digest != self.loaded.digest:
                    await compile_rules(loaded.config, self._log)
                    await self._swap(loaded.config)
            except (BartizanError, OSError) as error:
                return self._refused(error)
            self.loaded, self.config = loaded, loaded.config
            self._tell_notices()
            self.status.generation += 1
            self.status.reloads["succeeded"] += 1
            self.status.last_reload = time.time()
            summary = (
                f"{len(self.config.listeners)} listeners, {len(self.config.upstreams)} upstreams, "
                f"{len(self.config.routes)} routes on {len(self._workers)} workers"
            )
            self._log.info("configuration reloaded", generation=self.status.generation, summary=summary)
            return ReloadOutcome(done=True, summary=summary)

    async def replace_workers(self) -> None:
        """Replace all processes one by one; the new one serves before the old one drains."""
        async with self._changing:
            await self.companions.replace()
            for slot, old in list(self._workers.items()):
                try:
                    new = await self._start_worker(slot)
                except (BartizanError, OSError) as error:
                    self._log.error("worker not replaced, the old one goes on", slot=slot, error=str(error))
                    return
                self._adopt(new)
                await old.drain(self.config.grace_period)
                self._log.info("worker replaced", slot=slot, old_pid=old.pid, pid=new.pid)

    async def report(self) -> WorkerReport:
        """Return what all workers have counted since the supervisor started, those that have gone included."""
        reports = await asyncio.gather(*(worker.report() for worker in self._workers.values()))
        return self.totals.with_live(reports)

    def serving(self) -> list[WorkerHandle]:
        """Return the workers that serve now."""
        return [worker for worker in self._workers.values() if worker.serving]

    @property
    def workers(self) -> int:
        """How many workers there should be."""
        return self._slots

    # inside

    def _tell_notices(self) -> None:
        for notice in (*notices(self.config), *obstacle_notices(self.config)):
            self._log.warning("about the configuration", notice=notice)

    async def _start_worker(self, slot: int) -> WorkerHandle:
        worker = await self._spawn(slot, self.config)
        try:
            await worker.start(self.config, self._sockets.for_slot(self.config.listeners, slot))
        except BaseException:
            worker.kill()
            await worker.exited
            worker.close()
            raise
        self._log.info("worker serves", slot=slot, pid=worker.pid)
        return worker

    def _adopt(self, worker: WorkerHandle) -> None:
        self._workers[worker.slot] = worker
        watcher = asyncio.get_running_loop().create_task(self._watch(worker))
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)

    async def _watch(self, worker: WorkerHandle) -> None:
        """Wait for a worker's end; unless it was told to leave, start another in its slot."""
        status = await worker.exited
        self.totals.ended(worker.last_report)
        worker.close()
        if self._workers.get(worker.slot) is not worker or self._stopped.is_set():
            return
        backoff = self._backoffs.setdefault(worker.slot, Backoff())
        delay = backoff.died(asyncio.get_running_loop().time() - worker.started)
        while not self._stopped.is_set():
            self._log.error("worker died", slot=worker.slot, pid=worker.pid, status=status, restart_in_seconds=delay)
            self.status.restarts += 1
            await asyncio.sleep(delay)
            async with self._changing:
                try:
                    self._adopt(await self._start_worker(worker.slot))
                except (BartizanError, OSError) as error:
                    self._log.error("worker not started", slot=worker.slot, error=str(error))
                    delay = backoff.died(0.0)
                else:
                    return

    def _check_unchangeable(self, config: Config) -> None:
        changed = [
            name
            for name, old, new in (
                ("workers", self._slots, worker_count(config)),
                ("storage", self.config.storage, config.storage),
                ("admin", self.config.admin, config.admin),
            )
            if old != new
        ]
        if changed:
            raise ControlError(f"{', '.join(changed)} cannot change while Bartizan runs: restart it for this")

    async def _swap(self, config: Config) -> None:
        """Two phases: either every worker has built the new configuration, or all keep the old one."""
        new = self._sockets.new(config.listeners)
        workers = self.serving()
        try:
            prepared = await asyncio.gather(
                *(worker.prepare(config, self._sockets.for_slot(new, worker.slot)) for worker in workers),
                self.companions.prepare(config),
                return_exceptions=True,
            )
            failures = [error for error in prepared if isinstance(error, OrderFailed)]
            if failures:
                raise failures[0]
        except BaseException:
            undone = (*(worker.rollback() for worker in workers), self.companions.rollback())
            await asyncio.gather(*undone, return_exceptions=True)
            self._sockets.keep_only(self.config.listeners)
            raise
        results = await asyncio.gather(*(worker.commit() for worker in workers), return_exceptions=True)
        for worker, result in zip(workers, results, strict=True):
            if isinstance(result, BaseException):  # it must not go on with what the others have left
                self._log.error("worker could not swap, it is replaced", slot=worker.slot, error=str(result))
                worker.kill()
        await self.companions.commit()
        self._sockets.keep_only(config.listeners)

    def _refused(self, error: BartizanError | OSError) -> ReloadOutcome:
        self.status.reloads["failed"] += 1
        problems = tuple(map(str, error.problems)) if isinstance(error, ConfigError) else (str(error),)
        self._log.error("configuration not reloaded, the old one stays in force", problems=problems)
        return ReloadOutcome(done=False, summary="the old configuration stays in force", problems=problems)


def worker_count(config: Config) -> int:
    """Return how many workers a configuration asks for."""
    return len(os.sched_getaffinity(0)) if config.workers == "auto" else config.workers

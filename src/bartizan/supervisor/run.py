"""The main of ``bartizan up``: signals, files that change, and the order in which things start and stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from structlog.typing import FilteringBoundLogger

from bartizan.config.load import LoadedConfig
from bartizan.config.model import Config
from bartizan.config.watch import fingerprint
from bartizan.errors import StateError
from bartizan.storage.state import open_state
from bartizan.supervisor.admin import Admin
from bartizan.supervisor.control import ControlSocket
from bartizan.supervisor.handle import WorkerHandle, spawn_companion
from bartizan.supervisor.supervisor import Supervisor

__all__ = ["run"]

WATCH_INTERVAL = 1.0  # seconds between two looks at the files
SWEEP_INTERVAL = 5.0  # seconds between two sweeps of expired state
SWEEP_LIMIT = 10_000  # entries a sweep removes at the most


async def run(
    loaded: LoadedConfig,
    load: Callable[[], LoadedConfig],
    log: FilteringBoundLogger,
    on_ready: Callable[[Supervisor], None],
) -> None:
    """Serve until SIGTERM or SIGINT; raises ``BartizanError`` if that cannot begin."""

    async def spawn(slot: int, config: Config) -> WorkerHandle:
        return await WorkerHandle.spawn(slot, config.logging)

    supervisor = Supervisor(loaded, load, log, spawn, spawn_companion)
    directory = Path(loaded.config.storage.directory)
    control, admin = ControlSocket(supervisor, directory), Admin(supervisor)
    control.lock()
    leave, at_once = _on_signals(supervisor)
    await supervisor.start()
    background = [asyncio.create_task(_watch(supervisor)), asyncio.create_task(_sweep(supervisor, log))]
    try:
        if loaded.config.admin.address is not None:
            await admin.start(loaded.config.admin.address)
        await control.start()
        on_ready(supervisor)
        await leave.wait()
        log.info("draining", grace_period_seconds=loaded.config.grace_period)
    finally:
        for task in background:
            task.cancel()
        stopping = asyncio.create_task(supervisor.stop(at_once=not leave.is_set()))
        hurry = asyncio.create_task(at_once.wait())
        await asyncio.wait((stopping, hurry), return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():
            supervisor.kill_workers()
        await stopping
        hurry.cancel()
        await admin.stop()
        await control.stop()


def _on_signals(supervisor: Supervisor) -> tuple[asyncio.Event, asyncio.Event]:
    """Wire the signals up; returns the events for leaving and for leaving at once."""
    loop = asyncio.get_running_loop()
    leave, at_once = asyncio.Event(), asyncio.Event()
    running: set[asyncio.Task[Any]] = set()

    def begin(make: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        task = loop.create_task(make())
        running.add(task)
        task.add_done_callback(running.discard)

    def stop() -> None:
        (at_once if leave.is_set() else leave).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, begin, supervisor.reload)
    loop.add_signal_handler(signal.SIGUSR2, begin, supervisor.replace_workers)
    return leave, at_once


async def _watch(supervisor: Supervisor) -> None:
    """Reload when a file has changed and then stayed the same for one interval."""
    seen = await asyncio.to_thread(fingerprint, supervisor.loaded.files)
    pending = False
    while True:
        await asyncio.sleep(WATCH_INTERVAL)
        now = await asyncio.to_thread(fingerprint, supervisor.loaded.files)
        if now != seen:
            seen, pending = now, True
        elif pending:
            pending = False
            await supervisor.reload()
            seen = await asyncio.to_thread(fingerprint, supervisor.loaded.files)


async def _sweep(supervisor: Supervisor, log: FilteringBoundLogger) -> None:
    """Remove expired state, once per machine."""
    storage = supervisor.config.storage
    state = open_state(storage.state, Path(storage.directory))
    try:
        while True:
            await asyncio.sleep(SWEEP_INTERVAL)
            try:
                await state.sweep(SWEEP_LIMIT)
            except StateError as error:
                log.error("expired state not removed", error=str(error))
    finally:
        await state.close()

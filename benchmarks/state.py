"""What an operation on the shared state costs: LMDB in the process, beside a real Valkey or Redis server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

from tests.support.redis import RedisServer

from bartizan.config.model import State as Settings
from bartizan.storage.state import open_state
from bartizan.storage.state.interface import GcraLimit, State
from benchmarks.report import Row

__all__ = ["state"]

BATCHES = 20
LIMIT = GcraLimit(b"rate:192.0.2.7", 1_000_000, 1.0, 1_000_000)
SECOND = GcraLimit(b"rate:192.0.2.0/24", 60_000_000, 60.0, 60_000_000)


def state(directory: Path, seconds: float) -> list[Row]:  # noqa: ARG001 - as all targets
    """Measure microseconds per operation, one after the other."""
    directory.mkdir(parents=True, exist_ok=True)
    embedded = asyncio.run(_costs(Settings.model_validate({"engine": "lmdb"}), directory, 2000))
    with RedisServer(directory) as server:
        settings = Settings.model_validate({"engine": "valkey", "url": server.url, "timeout": "5s"})
        remote = asyncio.run(_costs(settings, directory, 200))
    return [Row(case, "us", cost, {"valkey": remote[case]}, "valkey") for case, cost in embedded.items()]


async def _costs(settings: Settings, directory: Path, batch: int) -> dict[str, float]:
    engine = open_state(settings, directory)
    try:
        await engine.put(b"key", b"value", 3600)
        operations = _operations(engine)
        return {case: await _cost(operation, batch) for case, operation in operations.items()}
    finally:
        await engine.close()


def _operations(engine: State) -> dict[str, Callable[[], Awaitable[object]]]:
    return {
        "get": lambda: engine.get(b"key"),
        "put": lambda: engine.put(b"other", b"value", 3600),
        "gcra, 1 window": lambda: engine.gcra((LIMIT,)),
        "gcra, 2 windows": lambda: engine.gcra((LIMIT, SECOND)),
    }


async def _cost(operation: Callable[[], Awaitable[object]], batch: int) -> float:
    times = []
    for _ in range(BATCHES):
        began = time.perf_counter()
        for _ in range(batch):
            await operation()
        times.append((time.perf_counter() - began) / batch * 1e6)
    return median(times)

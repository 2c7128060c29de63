"""Resident memory of one edge process: idle, and with 5,000 idle connections that are kept."""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
from pathlib import Path

from tests.support.net import wait_until

from benchmarks.contenders import BARTIZAN, Place, running, upstream
from benchmarks.load import PATH
from benchmarks.report import Row

__all__ = ["memory"]

CONNECTIONS = 5000
AT_ONCE = 100
IDLE_LIMIT, LOADED_LIMIT = 80.0, 200.0  # MiB


def memory(directory: Path, seconds: float) -> list[Row]:  # noqa: ARG001 - as all targets
    """Measure; the limits are the reference."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with upstream(directory / "upstream") as backend, running(BARTIZAN, directory / "bartizan", backend) as place:
        pid = _edge_process(place)
        idle = _resident(pid)
        loaded = asyncio.run(_with_connections(place.port, pid))
    return [
        Row("edge process, idle", "MiB RSS", idle, {"limit": IDLE_LIMIT}, "limit", at_most=1.0),
        Row(f"edge process, {CONNECTIONS} idle connections", "MiB RSS", loaded, {"limit": LOADED_LIMIT}, "limit",
            at_most=1.0),
    ]  # fmt: skip


def _edge_process(place: Place) -> int:
    command = [sys.executable, "-m", "bartizan.cli", "status", "-c", str(place.directory / "bartizan.yaml")]
    workers: list[dict[str, int]] = []

    def found() -> bool:
        status = subprocess.run(command, capture_output=True, check=False, timeout=30)
        workers.extend(json.loads(status.stdout)["workers"] if status.returncode == 0 else [])
        return bool(workers)

    wait_until(found, 20)
    return workers[0]["pid"]


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has no VmRSS")


async def _with_connections(port: int, pid: int) -> float:
    """Open connections, send one request on each, keep them; returns the process' memory then."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> asyncio.StreamWriter:
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"not 200: {head[:100]!r}")
            await reader.readexactly(1024)
            return writer

    writers = await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    await asyncio.sleep(1)
    resident = _resident(pid)
    for writer in writers:
        writer.close()
    return resident

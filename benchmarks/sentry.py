"""The sentry at work: ``python -m benchmarks.sentry``.

Speed: a real sentry process reads journals that were written before; records/s by its own processor time (one core),
and how far it says it is behind meanwhile. It is killed in the middle once, and the counts have to be exact.
Propagation: 1,000 signals on one edge process of a real ``bartizan up`` (a honeytoken is used), the time until the
other edge process denies the same address. The exit status is 1 if a goal is missed.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bartizan.config.model import Config, Journal
from bartizan.detection.catalogue import complete
from bartizan.evidence.journal import JournalWriter, Record, exchange_record, signal_records
from bartizan.http.headers import Headers
from bartizan.http.message import Request, Response
from bartizan.pipeline import Client, Connection, Exchange, RouteInfo, Signal, TlsInfo
from bartizan.sentry.stats import SentryReport
from bartizan.sentry.store import Store
from bartizan.supervisor.handle import ProcessHandle, spawn_companion
from bartizan.supervisor.kinds import KINDS

RECORDS = 300_000
CLIENTS = 5000
FINDINGS = 0.03  # of exchanges
SIGNALS = 1000
AT_ONCE = 8
WANTED_SPEED = 20_000  # records/s
WANTED_P99 = 1.0  # seconds
POLL = 0.005  # seconds between two requests on the other edge process
_TLS = TlsInfo("TLSv1.3", "TLS_AES_128_GCM_SHA256", ja4="t13d1516h2_8daaf6152771_e5627efa2ab1")
_TICKS = os.sysconf("SC_CLK_TCK")


def write_journals(directory: Path) -> int:
    """Write what two workers saw; returns the number of records."""
    made, now = random.Random(1), time.time() - 600
    settings = Journal(fsync="never")
    writers = [JournalWriter(settings, directory / "journal", f"edge-{slot}", _no_space) for slot in (0, 1)]
    count = number = 0
    while count < RECORDS:
        number += 1
        exchange = _exchange(made, number, now + number / 1000)
        found: list[Record] = [exchange_record(exchange), *signal_records(exchange)]
        for record in found:
            writers[number % 2].append(record)
        count += len(found)
        if number % 1000 == 0:
            for writer in writers:
                writer.flush()
    asyncio.run(_close(writers))
    return count


def _exchange(made: random.Random, number: int, at: float) -> Exchange:
    who = made.randrange(CLIENTS)
    client = Client(f"10.{who // 250}.7.{who % 250}", 40000, 4, who)
    path = f"/orders/{number % 997}"
    request = Request("GET", path.encode(), Headers([(b"user-agent", b"benchmark")]), path=path, host="shop.test")
    connection = Connection("main", "https", client, "127.0.0.1:8443", _TLS)
    exchange = Exchange(f"{int(at * 1000):012x}aabbccddeeff{number:08x}", request, connection, client, received=at,
                        started=0.0)  # fmt: skip
    exchange.route, exchange.upstream = RouteInfo("orders", "/orders/{id}"), "shop"
    if who % 2:
        exchange.principal, exchange.session = f"person-{who}", f"session-{who}"
    exchange.response = Response(404 if made.random() < 0.03 else 200, Headers([]))
    if made.random() < FINDINGS:
        exchange.signals = [complete(Signal("waf.match", 40), exchange)]
    return exchange


async def _close(writers: list[JournalWriter]) -> None:
    for writer in writers:
        await writer.close()


def _no_space(error: OSError) -> None:
    raise SystemExit(f"benchmarks.sentry: {error}")


async def read_journals(directory: Path, written: int) -> float:
    """Have a sentry read them, killed once on the way; returns records per second of its processor time."""
    config = Config.model_validate(
        {
            "listeners": [{"name": "main", "address": "127.0.0.1:0"}],
            "storage": {"directory": str(directory)},
            "sentry": {"enabled": True},
        }
    )
    kind = next(each for each in KINDS if each.name == "sentry")
    first: ProcessHandle[SentryReport] = await spawn_companion(kind, config)
    await first.start(config, {})
    while (report := await first.report()).records < written // 4:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.02)
    print(f"  on the way: {report.records:,} records read, {report.behind_bytes / 2**20:.1f} MiB behind")
    first.kill()
    await first.exited
    first.close()
    second: ProcessHandle[SentryReport] = await spawn_companion(kind, config)
    before = _cpu(second.pid)
    await second.start(config, {})
    begun, begin = time.perf_counter(), -1
    while (report := await second.report()).behind_bytes or not report.records:
        begin = report.records if begin < 0 and report.records else begin
        await asyncio.sleep(0.02)
    spent, took = _cpu(second.pid) - before, time.perf_counter() - begun
    await second.drain(5.0)
    second.close()
    store = Store(directory, read_only=True)
    counted = store.kept().counts["records"]
    store.close()
    print(f"  killed and started again: {counted:,} of {written:,} records counted")
    if counted != written:
        raise SystemExit("benchmarks.sentry: records were lost or counted twice")
    share = written - max(0, begin)
    print(f"  {share:,} records in {took:.1f} s, {spent:.1f} s of processor time with its start")
    return share / spent


def _cpu(pid: int) -> float:
    """Return the processor time of a process in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


UP = """\
workers: 2
listeners: [{{name: http, address: "127.0.0.1:{port}"}}]
upstreams: [{{name: nobody, nodes: [{{address: "127.0.0.1:9"}}]}}]
routes: [{{name: all, upstream: nobody}}]
guards: {{obstacles: {{deny: {{at: 60}}}}}}
sentry: {{enabled: true}}
deception:
  enabled: true
  decoys: {{builtin: none, robots: false}}
  honeytokens: {{api_keys: {{key: "sk_{{base62:24}}"}}}}
storage: {{directory: data}}
admin: {{address: null}}
"""


class Pair:
    """Connections of one address to each of two edge processes."""

    def __init__(self, port: int, address: str) -> None:
        self._port, self._address = port, address
        self.by_worker: dict[str, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}

    async def connect(self) -> None:
        """Connect until both are reached; who answers says its part of the exchange's id."""
        for _ in range(64):
            opened = await asyncio.open_connection("127.0.0.1", self._port, local_addr=(self._address, 0))
            _, told = await ask(*opened)
            worker = told["id"][12:24]
            if worker in self.by_worker:
                opened[1].close()
            else:
                self.by_worker[worker] = opened
            if len(self.by_worker) == 2:
                return
        raise SystemExit("benchmarks.sentry: only one edge process was reached")

    def close(self) -> None:
        """Close them."""
        for _, writer in self.by_worker.values():
            writer.close()


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str | None = None
) -> tuple[int, dict[str, Any]]:
    """Send a request; returns the status and the error that the gateway answers: there is no upstream."""
    lines = ["GET /x HTTP/1.1", "Host: a", "Accept: application/json", *([] if key is None else [f"X-API-Key: {key}"])]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
    told = json.loads(await reader.readexactly(int(fields[b"content-length"])))
    return int(head[9:12]), {"id": str(told.get("id") or told["instance"]).rpartition(":")[2]}


async def propagate(port: int, key: str) -> list[float]:
    """Return how long each signal took, in seconds."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> float:
        async with turn:
            pair = Pair(port, f"127.{40 + number // 250}.{number % 250 + 1}.7")
            await pair.connect()
            here, there = pair.by_worker.values()
            begun = time.perf_counter()
            await ask(*here, key)
            while (await ask(*there))[0] != 403:
                if time.perf_counter() - begun > 10:
                    raise SystemExit("benchmarks.sentry: a signal had no effect within 10 s")
                await asyncio.sleep(POLL)
            taken = time.perf_counter() - begun
            pair.close()
            return taken

    return list(await asyncio.gather(*(one(number) for number in range(SIGNALS))))


def measure_propagation(directory: Path) -> list[float]:
    """Start a gateway, plant a honeytoken, and use it from 1,000 addresses."""
    port = random.SystemRandom().randrange(20000, 30000)
    file = directory / "bartizan.yaml"
    file.write_text(UP.format(port=port))
    bartizan = [sys.executable, "-m", "bartizan.cli"]
    with (directory / "up.log").open("wb") as log:
        up = subprocess.Popen([*bartizan, "up", "-c", str(file)], stdout=log, stderr=log)
        try:
            while b"serves with" not in (directory / "up.log").read_bytes():
                if up.poll() is not None:
                    raise SystemExit((directory / "up.log").read_text())
                time.sleep(0.1)
            command = [*bartizan, "decoy", "token", "api-key", "--place", "benchmark", "-c", str(file)]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            key = next(word for word in told.split() if word.startswith("sk_"))
            time.sleep(1.0)  # until both edge processes know it
            return asyncio.run(propagate(port, key))
        finally:
            up.terminate()
            up.wait(20)


def main() -> int:
    """Print the figures; returns the exit status."""
    directory = Path(tempfile.mkdtemp(prefix="bzs"))
    try:
        written = write_journals(directory)
        print(f"speed: {written:,} records of {CLIENTS:,} clients in two journals, {FINDINGS:.0%} with a finding")
        speed = asyncio.run(read_journals(directory, written))
        print(
            f"  {speed:,.0f} records/s on one core (goal {WANTED_SPEED:,}){'' if speed >= WANTED_SPEED else ' MISSED'}"
        )
        second = directory / "up"
        second.mkdir()
        times = sorted(measure_propagation(second))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    p99 = times[int(len(times) * 0.99)]
    print(f"propagation: {len(times):,} signals on one edge process, until the other denies the address")
    missed = "" if p99 < WANTED_P99 else " MISSED"
    p50 = statistics.median(times)
    print(f"  p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms (goal {WANTED_P99 * 1000:.0f}){missed}")
    return int(bool(missed) or speed < WANTED_SPEED)


if __name__ == "__main__":
    sys.exit(main())

"""Parts by themselves: look-ups in a large denylist, the shared state, the journal."""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from ipaddress import ip_address, ip_network
from pathlib import Path

import structlog
from tests.support.redis import RedisServer

from bartizan.config.model import Journal, State
from bartizan.evidence.journal import JournalWriter, exchange_record
from bartizan.http.headers import Headers
from bartizan.http.message import Request, Response
from bartizan.perimeter.denylist import PrefixStore
from bartizan.pipeline import Client, Connection, Exchange, RouteInfo
from bartizan.storage.state import GcraLimit, open_state
from benchmarks.report import Row, write_report

PREFIXES = 1_000_000
LOOKUPS = 100_000


def denylist() -> None:
    """A million prefixes: load them, look addresses up; the peer is a scan with the standard library, scaled."""
    chosen = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        lines = [f"{ip_address(chosen.getrandbits(32) >> 8 << 8)}/24" for _ in range(PREFIXES * 7 // 10)]
        lines += [f"{ip_address(chosen.getrandbits(128) >> 80 << 80)}/48" for _ in range(PREFIXES * 3 // 10)]
        (directory / "list.txt").write_text("\n".join(lines))
        begun = time.perf_counter()
        prefixes = PrefixStore(directory / "compiled", structlog.get_logger()).get([], [str(directory / "list.txt")])
        loaded = time.perf_counter() - begun
    rows = [Row("load 1,000,000 prefixes (limit 5)", "s", loaded, {"limit": 5.0})]
    sample = [ip_network(line) for line in lines[:1000]]
    begun = time.perf_counter()
    probe = ip_address("192.0.2.1")
    any(probe in network for network in sample)
    naive = (time.perf_counter() - begun) * 1e6 * PREFIXES / len(sample)
    for version, bits in ((4, 32), (6, 128)):
        numbers = [chosen.getrandbits(bits) for _ in range(LOOKUPS)]
        times = [_timed(lambda number=number, version=version: prefixes.match(version, number)) for number in numbers]  # type: ignore[misc]
        rows.append(
            Row(
                f"look-up IPv{version}, median (limit 2)",
                "us",
                statistics.median(times) * 1e6,
                {"limit": 2.0, "ipaddress": naive},
            )
        )
    write_report("denylist", rows)


def state() -> None:
    """One decision of the rate limit, embedded and with a server."""
    limits = [GcraLimit(b"bench", 1_000_000, 1.0, 1_000_000)]
    with tempfile.TemporaryDirectory() as name:
        embedded = open_state(State(), Path(name))
        own = _rate(lambda: embedded.gcra(limits), 20_000)
        read = _rate(lambda: embedded.get(b"absent"), 20_000)
        with RedisServer(Path(name)) as server:
            settings = State.model_validate({"engine": "valkey", "url": server.url, "timeout": 5.0})
            remote = asyncio.run(_remote(settings, Path(name), limits))
        asyncio.run(embedded.close())
    write_report("state", [Row("rate decision, LMDB", "us", own, {"redis": remote}), Row("read, LMDB", "us", read)])


def journal() -> None:
    """One record: shaped, encoded, checksummed, buffered and written; the peer is a JSON line of the same facts."""
    exchange = _exchange()
    count = 50_000
    with tempfile.TemporaryDirectory() as name:
        writer = JournalWriter(Journal(), Path(name), "bench", lambda _: None)
        begun = time.perf_counter()
        for _ in range(count):
            writer.append(exchange_record(exchange))
        writer.flush()
        ours = (time.perf_counter() - begun) / count * 1e6
        asyncio.run(writer.close())
        begun = time.perf_counter()
        with (Path(name) / "peer.json").open("w") as file:
            for _ in range(count):
                request = exchange.request
                facts = {"id": exchange.id, "time": exchange.received, "method": request.method, "path": request.path}
                facts |= {
                    "status": 200,
                    "client": exchange.client.address,
                    "route": "api",
                    "duration": exchange.duration,
                }
                file.write(json.dumps(facts) + "\n")
        peer = (time.perf_counter() - begun) / count * 1e6
    write_report("journal", [Row("one exchange journaled", "us", ours, {"json.dumps line": peer})])


TARGETS: dict[str, Callable[[], None]] = {"denylist": denylist, "state": state, "journal": journal}


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _rate(work: Callable[[], Awaitable[object]], count: int) -> float:
    async def loop() -> float:
        begun = time.perf_counter()
        for _ in range(count):
            await work()
        return (time.perf_counter() - begun) / count * 1e6

    return asyncio.run(loop())


async def _remote(settings: State, directory: Path, limits: list[GcraLimit]) -> float:
    remote = open_state(settings, directory)
    await remote.gcra(limits)
    begun = time.perf_counter()
    for _ in range(2000):
        await remote.gcra(limits)
    took = (time.perf_counter() - begun) / 2000 * 1e6
    await remote.close()
    return took


def _exchange() -> Exchange:
    client = Client("192.0.2.7", 4711, 4, 0xC0000207)
    request = Request("GET", b"/v1/items", Headers.of([("user-agent", "bench")]), path="/v1/items", host="api.example")
    exchange = Exchange(
        "0" * 32,
        request,
        Connection("public", "https", client, "10.0.0.1:443"),
        client,
        received=time.time(),
        started=0.0,
    )
    exchange.route = RouteInfo("api", "/v1/*")
    exchange.response = Response(200, Headers())
    exchange.timings = [("denylist", 1e-6), ("rate_limit", 5e-6)]
    return exchange

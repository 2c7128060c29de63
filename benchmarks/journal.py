"""What journaling an exchange costs, beside writing the same facts as JSON lines with the standard library."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from tests.support.exchange import make_exchange

from bartizan.config.model import Journal
from bartizan.evidence.journal import JournalWriter, exchange_record
from bartizan.http.headers import Headers
from bartizan.http.message import Response
from bartizan.pipeline import Exchange
from benchmarks.report import Row

__all__ = ["journal"]

BATCH, BATCHES = 2000, 25


def journal(directory: Path, seconds: float) -> list[Row]:  # noqa: ARG001 - as all targets
    """Measure microseconds per exchange, from the exchange to the operating system, without fsync."""
    exchange, rows = _exchange(), []
    plain = _plain(exchange, directory)
    for kind in ("msgpack", "json"):
        settings = Journal.model_validate({"format": kind, "fsync": "never"})
        writer = JournalWriter(settings, directory / kind, "bench", _full)

        def ours(writer: JournalWriter = writer) -> None:
            writer.append(exchange_record(exchange))

        cost = _cost(ours, writer.flush)
        if writer.stats.dropped or writer.stats.records != BATCH * BATCHES:
            raise RuntimeError(f"not all records were written: {writer.stats}")
        rows.append(Row(f"journal record, {kind}", "us", cost, {"json + write": plain}, "json + write"))
    return rows


def _exchange() -> Exchange:
    headers = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0", "accept": "*/*"}
    exchange = make_exchange(path="/api/items", headers=headers, query=b"page=1")
    exchange.response = Response(200, Headers.of([("content-type", "application/json")]))
    exchange.upstream, exchange.node, exchange.upstream_time = "api", "127.0.0.1:9000", 0.0004
    exchange.duration, exchange.bytes_out = 0.0006, 1024
    exchange.timings = [("denylist", 1e-6), ("rate_limit", 4e-6)]
    return exchange


def _plain(exchange: Exchange, directory: Path) -> float:
    """Return the cost of the same facts as a dictionary, ``json.dumps`` and a buffered write."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "plain.jsonl").open("w") as file:

        def write() -> None:
            file.write(json.dumps(_facts(exchange)) + "\n")

        return _cost(write, file.flush)


def _facts(exchange: Exchange) -> dict[str, object]:
    request, client = exchange.request, exchange.client
    return {
        "time": int(exchange.received * 1000),
        "id": exchange.id,
        "method": request.method,
        "path": request.path,
        "host": request.host,
        "query": None if request.query is None else request.query.decode("latin-1"),
        "scheme": exchange.connection.scheme,
        "version": request.version,
        "user_agent": (request.headers.get(b"user-agent") or b"").decode("latin-1"),
        "request_bytes": exchange.bytes_in,
        "status": 0 if exchange.response is None else exchange.response.status,
        "response_bytes": exchange.bytes_out,
        "client": client.address,
        "port": client.port,
        "duration_ms": exchange.duration * 1000,
        "route": None if exchange.route is None else exchange.route.name,
        "upstream": exchange.upstream,
        "node": exchange.node,
        "upstream_ms": (exchange.upstream_time or 0.0) * 1000,
        "guards_ms": {name: seconds * 1000 for name, seconds in exchange.timings},
        "listener": exchange.connection.listener,
    }


def _cost(one: Callable[[], None], flush: Callable[[], object]) -> float:
    times = []
    for _ in range(BATCHES):
        began = time.perf_counter()
        for _ in range(BATCH):
            one()
        flush()
        times.append((time.perf_counter() - began) / BATCH * 1e6)
    return median(times)


def _full(error: OSError) -> None:
    raise error

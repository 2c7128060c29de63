"""What journaling an exchange costs, beside writing the same facts as JSON lines with the standard library."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import msgspec
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
    """Return the cost of ``json.dumps`` and a buffered write of the record's plain data, made anew each time."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "plain.jsonl").open("w") as file:

        def write() -> None:
            file.write(json.dumps(msgspec.to_builtins(exchange_record(exchange))) + "\n")

        return _cost(write, file.flush)


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

"""Exchanges to journal, and journals to read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bartizan.config.model import Journal
from bartizan.evidence.journal import JournalWriter, exchange_record
from bartizan.evidence.journal.records import HttpActivity
from bartizan.http.headers import Headers
from bartizan.http.message import Request, Response
from bartizan.pipeline import Client, Connection, Exchange, RouteInfo, TlsInfo

CLIENT = Client("192.0.2.7", 41234, 4, 3221225991)
BEGAN = 1_764_000_000.0


def exchange_id(number: int, began: float = BEGAN) -> str:
    """Return an id as edge processes make them."""
    return f"{int(began * 1000):012x}aabbccddeeff{number:08x}"


def an_exchange(
    number: int = 0,
    *,
    began: float = BEGAN,
    path: str = "/orders/42",
    query: bytes | None = b"page=2",
    headers: tuple[tuple[bytes, bytes], ...] = ((b"user-agent", b"curl/8.5"),),
    client: Client = CLIENT,
    peer: Client | None = None,
    tls: TlsInfo | None = None,
    local: str = "127.0.0.1:8443",
    method: str = "GET",
) -> Exchange:
    """Return an exchange that was answered with 200 after 5.25 ms."""
    request = Request(method, path.encode(), Headers(list(headers)), path=path, query=query, scheme="https",
                      authority="api.example.org:8443", host="api.example.org")  # fmt: skip
    connection = Connection("main", "https", client if peer is None else peer, local, tls)
    exchange = Exchange(exchange_id(number, began), request, connection, client, received=began, started=1.0)
    exchange.route = RouteInfo("orders", "/orders/{id}")
    exchange.response = Response(200, Headers())
    exchange.upstream, exchange.node, exchange.upstream_time = "orders", "10.0.0.7:8080", 0.0042
    exchange.duration = 0.00525
    exchange.bytes_out = 1024
    exchange.timings = [("denylist", 0.000002), ("ratelimit", 0.000005)]
    exchange.trace_id = exchange.id
    return exchange


def a_record(number: int = 0, began: float = BEGAN) -> HttpActivity:
    """Return the record of an exchange."""
    return exchange_record(an_exchange(number, began=began))


def settings(**changes: object) -> Journal:
    """Return settings that take whatever space the machine has."""
    return Journal.model_validate({"min_free_bytes": 0, **changes})


def a_writer(directory: Path, worker: str = "edge-1", **changes: object) -> JournalWriter:
    """Return a writer that must not stop."""

    def stopped(error: OSError) -> None:
        raise AssertionError(error)

    return JournalWriter(settings(**changes), directory, worker, stopped)


async def written(directory: Path, count: int, worker: str = "edge-1", **changes: object) -> None:
    """Write a journal of ``count`` exchanges, one a millisecond."""
    writer = a_writer(directory, worker, **changes)
    for number in range(count):
        writer.append(a_record(number, BEGAN + number / 1000))
        writer.flush()
    await writer.close()


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)


@asynccontextmanager
async def running(writer: JournalWriter) -> AsyncIterator[None]:
    """Have a writer flush and sync meanwhile."""
    task = asyncio.create_task(writer.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def numbers(records: list[HttpActivity]) -> list[int]:
    """Return the numbers that ``exchange_id`` was given."""
    return [int(record.metadata.uid[24:], 16) for record in records]

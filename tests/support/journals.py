"""Journals as edge processes write them, for the tests of who reads them."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterable
from pathlib import Path

import structlog

from bartizan.config.model import Config, Journal
from bartizan.detection.catalogue import complete
from bartizan.evidence.journal import JournalWriter, exchange_record, signal_records
from bartizan.evidence.journal.records import Record
from bartizan.http.headers import Headers
from bartizan.http.message import Response
from bartizan.pipeline import Actor, Signal, TlsInfo
from bartizan.pipeline.verdict import Verdict
from bartizan.sentry.server import SentryServer
from tests.support.exchange import make_exchange

NOW = 1_764_000_000.0
TLS = TlsInfo("TLSv1.3", "TLS_AES_128_GCM_SHA256", ja4="t13d1516h2_8daaf6152771_e5627efa2ab1")
_numbers = itertools.count(1)


def configured(directory: Path, **sentry: object) -> Config:
    """Return a configuration with a sentry for this storage directory."""
    return Config.model_validate(
        {
            "listeners": [{"name": "main", "address": "127.0.0.1:0"}],
            "storage": {"directory": str(directory)},
            "sentry": {"enabled": True, "poll": "10ms", **sentry},
        }
    )


def file_for(directory: Path) -> str:
    """Return the text of a configuration file with a sentry for this storage directory."""
    listeners = [{"name": "main", "address": "127.0.0.1:0"}]
    return json.dumps({"listeners": listeners, "storage": {"directory": str(directory)}, "sentry": {"enabled": True}})


def records_of(
    *signals: Signal,
    client: str = "192.0.2.7",
    path: str = "/",
    method: str = "GET",
    status: int = 200,
    now: float = NOW,
    principal: str | None = None,
    session: str | None = None,
    upstream: str | None = "api",
    verdict: Verdict | None = None,
) -> list[Record]:
    """Return the records of one exchange and its findings."""
    exchange = make_exchange(method, path, client=client, tls=TLS, now=now)
    exchange.id = f"{int(now * 1000):012x}aabbccddeeff{next(_numbers):08x}"
    exchange.principal, exchange.session, exchange.upstream = principal, session, upstream
    exchange.verdict, exchange.decided_by = verdict, None if verdict is None else "test"
    exchange.response = Response(status, Headers([]))
    exchange.signals = [complete(signal, exchange) for signal in signals]
    return [exchange_record(exchange), *signal_records(exchange)]


def honeytoken(place: str = "repository", decoy: str = "key-1") -> Signal:
    """Return a signal that is grave by itself."""
    return Signal(
        "honeytoken.used", 95, evidence={"place": place, "decoy": decoy}, actors=(Actor("credential", decoy),)
    )


async def read_by_sentry(config: Config) -> None:
    """Have a sentry read all that the journals have, and leave."""
    server = SentryServer(asyncio.get_running_loop(), log=structlog.get_logger())
    await server.start(config, {})
    await server.drain(3.0)
    await server.close()


class Journaled:
    """A worker's journal below a storage directory."""

    def __init__(self, directory: Path, worker: str = "edge-0", segment_bytes: int = 2**20) -> None:
        settings = Journal(segment_bytes=segment_bytes, fsync="never", min_free_bytes=0)
        self.writer = JournalWriter(settings, directory / "journal", worker, self._full)

    def write(self, records: Iterable[Record]) -> None:
        """Append records, and hand them to the operating system."""
        for record in records:
            self.writer.append(record)
        self.writer.flush()

    async def close(self) -> None:
        """Write what is left."""
        await self.writer.close()

    @staticmethod
    def _full(error: OSError) -> None:
        raise AssertionError(error)

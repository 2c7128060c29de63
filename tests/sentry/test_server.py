"""The real sentry process under the supervisor's orders: killed, replaced; and its server, on a full disk and more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs
from tests.support.journals import Journaled, configured, honeytoken, records_of

from bartizan.config.model import State as StateSettings
from bartizan.detection.risk import Engine, RiskSettings
from bartizan.detection.standing import Standings
from bartizan.errors import ConfigError, SentryError
from bartizan.evidence.journal import Follower
from bartizan.evidence.journal.records import Record
from bartizan.pipeline import Signal
from bartizan.sentry.keeping import ACTORS
from bartizan.sentry.reading import Reading
from bartizan.sentry.server import SentryServer
from bartizan.sentry.stats import SentryReport
from bartizan.sentry.store import Store
from bartizan.storage.state import open_state
from bartizan.supervisor.handle import ProcessHandle, spawn_companion
from bartizan.supervisor.kinds import KINDS

KIND = next(kind for kind in KINDS if kind.name == "sentry")
NOW = 1_900_000_000.0


async def until(look: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while not await look():
        assert asyncio.get_running_loop().time() < end, "not in time"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def started(directory: Path, **sentry: Any) -> AsyncIterator[ProcessHandle[SentryReport]]:
    """A real process; ``drain`` or ``kill`` it, or it is killed at the end."""
    config = configured(directory, **sentry)
    handle: ProcessHandle[SentryReport] = await spawn_companion(KIND, config)
    try:
        await handle.start(config, {})
        yield handle
    finally:
        handle.kill()
        await handle.exited
        handle.close()


@asynccontextmanager
async def serving(directory: Path, **sentry: Any) -> AsyncIterator[SentryServer]:
    """A server in this process."""
    server = SentryServer(asyncio.get_running_loop(), log=structlog.get_logger())
    await server.start(configured(directory, **sentry), {})
    try:
        yield server
    finally:
        await server.drain(3.0)
        await server.close()


def exchanges(begin: int, count: int) -> list[Record]:
    """Exchanges of many addresses, every fifth with a finding."""
    records = []
    for number in range(begin, begin + count):
        signals = [Signal("waf.match", 40)] if number % 5 == 0 else []
        client, status = f"198.51.100.{number % 40}", 404 if number % 3 == 0 else 200
        records += records_of(*signals, client=client, path=f"/p{number % 90}", status=status, now=NOW + number / 100)
    return records


def undisturbed(directory: Path) -> Reading:
    reading = Reading(Engine(RiskSettings()))
    for entry in Follower(directory / "journal").poll():
        reading.take(entry)
    reading.settle()
    return reading


async def test_killed_again_and_again_it_loses_no_record_and_counts_none_twice(tmp_path: Path) -> None:
    workers = [Journaled(tmp_path, f"edge-{number}", segment_bytes=40_000) for number in range(2)]
    written = 0
    for _ in range(4):
        async with started(tmp_path) as sentry:
            for each in workers:
                for _ in range(5):
                    each.write(exchanges(written, 40))
                    written += 40
                    await asyncio.sleep(0.03)
            before = written

            async def some_were_read(sentry: ProcessHandle[SentryReport] = sentry, least: int = before // 2) -> bool:
                return (await sentry.report()).exchanges >= least

            await until(some_were_read)
            sentry.kill()
        await workers[1].close()
        workers[1] = Journaled(tmp_path, "edge-1", segment_bytes=40_000)  # a worker that was started again
    for each in workers:
        await each.close()
    async with started(tmp_path) as sentry:

        async def all_were_read() -> bool:
            return (await sentry.report()).behind_bytes == 0

        await until(all_were_read)
        await sentry.drain(5.0)
        assert sentry.last_report.lost_segments == 0
    expected, store = undisturbed(tmp_path), Store(tmp_path, read_only=True)
    kept = store.kept()
    assert kept.counts["exchanges"] == expected.counts.exchanges == written
    assert kept.counts["findings"] == expected.counts.findings == written // 5
    assert kept.counts["signals"] == expected.counts.signals
    assert kept.checkpoint == expected.checkpoint
    restored = Engine(RiskSettings())
    for key, data in store.items(ACTORS):
        restored.load(key, data)
    store.close()
    for number in range(40):
        key, at = f"address:198.51.100.{number}", NOW + written / 100
        assert restored.score(key, at) == pytest.approx(expected.engine.score(key, at), abs=0.01)
        mine, theirs = restored.explain(key, at).contributions, expected.engine.explain(key, at).contributions
        assert [(each.signal, each.count) for each in mine] == [(each.signal, each.count) for each in theirs]


async def test_a_signal_reaches_edges_while_the_journal_is_written_and_survives_a_restart(tmp_path: Path) -> None:
    journal = Journaled(tmp_path)
    state = open_state(StateSettings(), tmp_path)
    standings = Standings(state, structlog.get_logger())

    async def is_known() -> bool:
        await standings.catch_up()
        return standings.score("address:192.0.2.7", time.time()) > 80

    async with started(tmp_path) as sentry:
        journal.write(records_of(honeytoken(), now=time.time()))
        await until(is_known, 5.0)
        await sentry.drain(5.0)
        assert (sentry.last_report.cases, sentry.last_report.signals) == (1, 1)
    async with started(tmp_path) as sentry:

        async def is_back() -> bool:
            return (await sentry.report()).standings >= 1

        await until(is_back)
        assert (await sentry.report()).records == 2
    await journal.close()
    await state.close()


async def test_risks_are_told_and_orders_heard_while_there_is_much_to_read(tmp_path: Path) -> None:
    journal = Journaled(tmp_path, segment_bytes=2**24)
    journal.write(records_of(honeytoken(), now=NOW))
    (clean,) = records_of(now=NOW + 1)
    journal.write([clean] * 12_000)
    async with serving(tmp_path) as server:

        async def is_told() -> bool:
            return server._published > 0

        await until(is_told)
        report = server.report()
        assert report.behind_bytes > 0
        assert report.records < 12_000
    await journal.close()


async def test_another_one_waits_until_the_first_has_gone(tmp_path: Path) -> None:
    journal = Journaled(tmp_path)
    async with started(tmp_path) as first, started(tmp_path) as second:
        journal.write(records_of(honeytoken(), now=NOW))

        async def was_read() -> bool:
            return (await first.report()).findings == 1

        await until(was_read)
        assert (await second.report()).findings == 0
        await first.drain(5.0)

        async def was_taken_over() -> bool:
            return (await second.report()).findings == 1

        await until(was_taken_over)
        journal.write(records_of(honeytoken(), now=NOW + 1))

        async def goes_on() -> bool:
            return (await second.report()).findings == 2

        await until(goes_on)
    await journal.close()


async def test_a_segment_that_is_removed_unread_is_told_as_lost(tmp_path: Path) -> None:
    journal = Journaled(tmp_path, segment_bytes=4096)
    async with serving(tmp_path) as server:
        journal.write(exchanges(0, 1))

        async def was_read() -> bool:
            return server.reading.counts.records >= 1 or bool(server.reading._waiting)

        await until(was_read)
        for path in list((tmp_path / "journal").iterdir()):
            with path.open("ab") as file:
                file.write(b"\0" * 2000)  # a write that is not whole
            server._tail.behind()
            path.unlink()
        with capture_logs() as logs:

            async def is_told() -> bool:
                return server.report().lost_segments == 1

            await until(is_told)
        assert [log["event"] for log in logs] == ["a journal segment was removed before it was read"]
        assert server.reading.checkpoint == {}
    await journal.close()


async def test_a_segment_that_cannot_be_read_keeps_it_from_no_other(tmp_path: Path) -> None:
    journal = Journaled(tmp_path)
    journal.write(exchanges(0, 10))
    (tmp_path / "journal" / "edge-9-1764000000000-aabbccddeeff-000001.bzj").write_bytes(b"not a segment" * 100)
    async with serving(tmp_path) as server:

        async def was_read() -> bool:
            return server.reading.counts.exchanges >= 9

        await until(was_read)
        assert server.report().damaged == 1
    await journal.close()


async def test_what_has_no_space_stays_in_memory_and_is_read_again_where_there_is(tmp_path: Path) -> None:
    journal = Journaled(tmp_path, segment_bytes=2**24)
    clients = [f"10.1.{high}.{low}" for high in range(20) for low in range(200)]
    with capture_logs() as logs:
        async with serving(tmp_path, map_size="1MiB") as server:
            for client in clients:
                journal.write(records_of(honeytoken(), client=client, now=NOW))

            async def is_unwritten() -> bool:
                return server.reading.counts.findings == len(clients) and server.report().unwritten > 0

            await until(is_unwritten)
            assert server.reading.engine.score("address:10.1.19.199", NOW) > 80
    assert [log["event"] for log in logs].count("risks are not kept, they stay in memory") == 1
    async with serving(tmp_path, map_size="64MiB") as server:

        async def was_read_again() -> bool:
            return server.reading.counts.findings == len(clients)

        await until(was_read_again)
        assert server.reading.counts.exchanges == len(clients)
        assert server.reading.engine.score("address:10.1.0.0", NOW) > 80
        assert server.report().unwritten == 0
    await journal.close()


async def test_a_defect_ends_the_process_for_another_to_be_started(tmp_path: Path) -> None:
    given_up = asyncio.Event()
    server = SentryServer(asyncio.get_running_loop(), log=structlog.get_logger(), give_up=given_up.set)
    with capture_logs() as logs:
        await server.start(configured(tmp_path), {})
        server._publisher.look_again = None  # type: ignore[assignment, method-assign]
        await asyncio.wait_for(given_up.wait(), 5)
        await server.close()
    assert logs[-1]["event"] == "the sentry has failed"


async def test_a_reload_takes_over_new_settings_and_loses_nothing(tmp_path: Path) -> None:
    journal = Journaled(tmp_path)
    async with serving(tmp_path) as server:
        journal.write(records_of(honeytoken(), now=NOW))

        async def was_read() -> bool:
            return server.reading.counts.findings == 1

        await until(was_read)
        before = server.reading.engine.score("address:192.0.2.7", NOW + 86_400)
        await server.prepare(configured(tmp_path, half_lives={"deception": "1h"}), {})
        server.rollback()
        await server.prepare(configured(tmp_path, half_lives={"deception": "1h"}), {})
        await server.commit()
        assert server.reading.engine.score("address:192.0.2.7", NOW + 86_400) < before / 10
        with pytest.raises(ConfigError, match="asn_database"):
            await server.prepare(configured(tmp_path, asn_database=str(tmp_path / "missing.mmdb")), {})
        with pytest.raises(ConfigError, match="cannot change while"):
            await server.prepare(configured(tmp_path, map_size="64MiB"), {})
    await journal.close()


async def test_what_cannot_be_opened_keeps_it_from_starting(tmp_path: Path) -> None:
    (tmp_path / "sentry").write_text("in the way")
    server = SentryServer(asyncio.get_running_loop(), log=structlog.get_logger())
    with pytest.raises(SentryError, match="cannot be opened"):
        await server.start(configured(tmp_path), {})

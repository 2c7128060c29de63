from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from bartizan.config.model import Journal
from bartizan.control.signals import Signals
from bartizan.control.stats import Stats
from bartizan.evidence.journal import DetectionFinding, JournalReader
from bartizan.pipeline import Signal
from bartizan.pipeline.actor import Actor

NOW = 1_700_000_000.0
ID = f"{int(NOW * 1000):012x}" + "c3d4e5f60718" + "0000002a"
FAILED = Signal(
    "login.failed", severity=30, technique="T1110", owasp="API2:2023", actors=(Actor("address", "192.0.2.7"),)
)


def make(directory: Path, stats: Stats, journal: Journal | None = None) -> Signals:
    loop = asyncio.get_running_loop()
    return Signals(journal or Journal(), directory, stats, structlog.get_logger(), lambda: NOW, loop)


def journaled(directory: Path) -> list[DetectionFinding]:
    records = [entry.record for entry in JournalReader(directory / "journal").entries()]
    return [record for record in records if isinstance(record, DetectionFinding)]


async def test_a_signal_is_found_beside_its_exchange(tmp_path: Path) -> None:
    stats = Stats()
    signals = make(tmp_path, stats)
    signals(FAILED, ID)
    await signals.close()
    (record,) = journaled(tmp_path)
    assert record.metadata.correlation_uid == ID
    assert record.metadata.uid == f"{ID}-control-0"
    assert record.finding_info.title == "login.failed"
    assert record.time == 1_700_000_000_000
    assert stats.report().signals == {"login.failed": 1}


async def test_what_a_flow_leaves_out_of_a_signal_is_filled_in(tmp_path: Path) -> None:
    signals = make(tmp_path, Stats())
    signals(Signal("access.login_failures", 40, actors=(Actor("address", "192.0.2.7"),)), ID)
    await signals.close()
    (record,) = journaled(tmp_path)
    assert record.finding_info.analytic is not None
    assert record.finding_info.analytic.name == "logins"
    assert [each.phase for each in record.finding_info.kill_chain] == ["access"]
    assert [each.value for each in record.observables] == ["192.0.2.7", "192.0.2.0/24"]


async def test_signals_come_from_any_thread_and_have_names_of_their_own(tmp_path: Path) -> None:
    signals = make(tmp_path, Stats())
    await asyncio.gather(*(asyncio.to_thread(signals, FAILED, exchange) for exchange in (ID, ID, "", "")))
    await signals.close()
    records = journaled(tmp_path)
    assert len({record.metadata.uid for record in records}) == 4
    assert [record.metadata.correlation_uid for record in records].count(None) == 2


async def test_without_a_journal_they_are_counted(tmp_path: Path) -> None:
    stats = Stats()
    signals = make(tmp_path, stats, Journal(enabled=False))
    signals(FAILED)
    await asyncio.sleep(0)
    await signals.close()
    assert stats.report().signals == {"login.failed": 1}
    assert not (tmp_path / "journal").exists()
    assert signals.dropped == 0


async def test_a_full_disk_is_told(tmp_path: Path) -> None:
    stats = Stats()
    signals = make(tmp_path, stats, Journal.model_validate({"min_free_bytes": "1000000GiB"}))
    signals(FAILED)
    await signals.close()
    assert stats.report().signals["journal.full"] == 1

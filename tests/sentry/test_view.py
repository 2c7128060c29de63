from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.journals import Journaled, configured, honeytoken, read_by_sentry, records_of

from bartizan.detection.risk import Engine, RiskSettings
from bartizan.errors import SentryError
from bartizan.evidence.journal import Follower
from bartizan.evidence.journal.framing import SegmentHeader, encode_header
from bartizan.pipeline import Signal
from bartizan.sentry.keeping import ACTORS
from bartizan.sentry.reading import Reading
from bartizan.sentry.store import Kept, Store
from bartizan.sentry.view import View, is_kept, is_running

NOW = 1_900_000_000.0  # later than now, so that nothing is forgotten for its age


async def test_explanations_are_those_that_the_sentry_has(tmp_path: Path) -> None:
    journal = Journaled(tmp_path)
    for number in range(20):
        signals = [Signal("waf.match", 40)] if number % 3 == 0 else [honeytoken()] if number == 10 else []
        who = f"person-{number % 4}"
        journal.write(records_of(*signals, principal=who, session=f"{who}-session", now=NOW + number))
    await read_by_sentry(configured(tmp_path))
    reading = Reading(Engine(RiskSettings()))
    for entry in Follower(tmp_path / "journal").poll():
        reading.take(entry)
    reading.settle()
    with View(tmp_path) as view:
        for key in ("address:192.0.2.7", "session:person-2-session", "principal:person-1", "credential:key-1"):
            expected = reading.engine.explain(key, NOW + 100)
            found = view.around(key, RiskSettings()).explain(key, NOW + 100)
            assert found.score == pytest.approx(expected.score)
            assert found.brief() == expected.brief()
        assert expected.score > 50
        assert len(view.around("address:198.51.100.1", RiskSettings())) == 0
        assert [case.count for case in view.cases()] == [1]
        assert view.cases("address:198.51.100.1") == []
        assert view.decisions("address:192.0.2.7") == []
        assert view.pardons("address:192.0.2.7") == []
        assert view.pardon("none") is None
        assert view.decision("none") is None
        assert view.source
        progress = view.progress(NOW + 100)
    await journal.close()
    assert (progress.running, progress.counts["exchanges"], progress.behind_bytes) == (False, 20, 0)
    assert (progress.behind_seconds, progress.actors, progress.cases) == (0.0, len(reading.engine), 1)


async def test_it_tells_how_far_a_sentry_is_behind(tmp_path: Path) -> None:
    journal = Journaled(tmp_path)
    journal.write(records_of(honeytoken(), now=NOW))
    await read_by_sentry(configured(tmp_path))
    before = sum(path.stat().st_size for path in (tmp_path / "journal").iterdir())
    journal.write(records_of(honeytoken(), now=NOW + 1))
    await journal.close()
    with View(tmp_path) as view:
        added = sum(path.stat().st_size for path in (tmp_path / "journal").iterdir()) - before
        progress = view.progress(NOW + 5)
        assert (progress.behind_bytes, progress.segments, progress.latest) == (added, 1, NOW)
        assert progress.behind_seconds == pytest.approx(4.0)


async def test_a_segment_without_a_whole_record_is_nothing_to_be_behind_of(tmp_path: Path) -> None:
    journal = Journaled(tmp_path)
    journal.write(records_of(honeytoken(), now=NOW))
    await journal.close()
    await read_by_sentry(configured(tmp_path))
    head = encode_header(SegmentHeader("edge-1", "aabbccddeeff", 1, NOW, salt=1))
    (tmp_path / "journal" / "edge-1-1900000000000-aabbccddeeff-000001.bzj").write_bytes(head)
    (tmp_path / "journal" / "edge-2-1900000000000-aabbccddeeff-000001.bzj").write_bytes(b"no segment")
    with View(tmp_path) as view:
        progress = view.progress(NOW + 5)
    assert (progress.behind_bytes, progress.behind_seconds, progress.segments) == (0, 0.0, 3)


def test_nothing_kept_and_nothing_readable_is_told(tmp_path: Path) -> None:
    with pytest.raises(SentryError, match=r"set sentry\.enabled: true"):
        View(tmp_path)
    assert not is_running(tmp_path)
    assert not is_kept(tmp_path)
    store = Store(tmp_path)
    store.write(Kept(), {ACTORS: {"address:192.0.2.7": b"x"}, "cases": {"1": b"x"}, "decisions": {"1": b"x"}})
    store.close()
    with View(tmp_path) as view:
        with pytest.raises(SentryError, match=r"address:192\.0\.2\.7 cannot be read"):
            view.around("address:192.0.2.7", RiskSettings())
        with pytest.raises(SentryError, match="one of the cases"):
            view.cases()
        with pytest.raises(SentryError, match="one of the decisions"):
            view.decision("1")

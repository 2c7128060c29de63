from __future__ import annotations

from tests.support.journals import NOW, honeytoken, records_of

from bartizan.pipeline import Actor, Signal
from bartizan.sentry.detectors.findings import Findings
from bartizan.sentry.detectors.interface import Shelf


def look(signal: Signal, **about: object) -> list[object]:
    _, finding = records_of(signal, **about)  # type: ignore[arg-type]
    return list(Findings().on_record(finding, Shelf(type(None))))


def test_a_finding_becomes_the_signal_it_was() -> None:
    (signal,) = look(honeytoken(), principal="mallory", session="s1", now=NOW + 5)
    assert (signal.name, signal.detector, signal.stage, signal.kind) == (  # type: ignore[attr-defined]
        "honeytoken.used", "honeytokens", "access", "deception",
    )  # fmt: skip
    assert (signal.severity, signal.confidence, signal.time) == (95, 1.0, NOW + 5)  # type: ignore[attr-defined]
    assert set(signal.actors) == {  # type: ignore[attr-defined]
        "address:192.0.2.7", "network:192.0.2.0/24", "ja4:t13d1516h2_8daaf6152771_e5627efa2ab1",
        "session:s1", "principal:mallory", "credential:key-1",
    }  # fmt: skip


def test_what_speaks_against_nobody_is_left_out() -> None:
    assert look(Signal("guard.failed", 60)) == []
    assert look(Signal("obstacle.shadow", 0)) == []
    assert look(Signal("access.risk", 60)) == []
    assert look(Signal("waf.match", 0)) == []


def test_whose_account_it_is_that_is_guessed_is_not_accused() -> None:
    (signal,) = look(Signal("access.login_failures", 50, actors=(Actor("principal", "ada"),)))
    assert "principal:ada" not in signal.actors  # type: ignore[attr-defined]
    assert "address:192.0.2.7" in signal.actors  # type: ignore[attr-defined]


def test_exchanges_are_no_findings() -> None:
    assert list(Findings().on_record(records_of()[0], Shelf(type(None)))) == []

"""What people and an intruder met, as the journal has it: the clients themselves cannot tell all of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bartizan.evidence.journal import DetectionFinding, HttpActivity, JournalReader

__all__ = ["Met", "ja4_of", "read"]

ABOVE = frozenset(("challenge", "step_up", "divert", "deny"))


@dataclass
class Met:
    """Verdicts over clients that were chosen by address."""

    exchanges: int = 0
    sessions: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    """By guard and action: ``waf deny``."""
    signals: Counter[str] = field(default_factory=Counter)
    throttled: int = 0
    """Sessions in which something was throttled."""
    above: int = 0
    """Sessions in which an obstacle above throttling was met."""
    denied: int = 0
    """Sessions in which something was denied, by whichever guard."""


def read(journal: Path, chosen: Callable[[str], bool], since: float) -> Met:
    """Return what clients met whose address is ``chosen``, in exchanges since then (Unix time in seconds).

    A session is told from others by its connection: each has one.
    """
    met, actions = Met(), defaultdict[tuple[str, int], set[str]](set)
    exchanges: set[str] = set()
    for entry in JournalReader(journal).entries(since):
        record = entry.record
        if isinstance(record, HttpActivity):
            if not chosen(record.src_endpoint.ip or ""):
                continue
            met.exchanges += 1
            exchanges.add(record.metadata.uid)
            key = record.src_endpoint.ip or "", record.src_endpoint.port or 0
            verdict = None if record.unmapped is None else record.unmapped.verdict
            if verdict is not None:
                met.verdicts[f"{verdict.guard} {verdict.action}"] += 1
            actions[key].add("" if verdict is None else verdict.action)
        elif isinstance(record, DetectionFinding) and record.metadata.correlation_uid in exchanges:
            met.signals[record.finding_info.title] += 1
    met.sessions = len(actions)
    met.throttled = sum("throttle" in each for each in actions.values())
    met.above = sum(bool(each & ABOVE) for each in actions.values())
    met.denied = sum("deny" in each for each in actions.values())
    return met


def ja4_of(journal: Path, address: str) -> str:
    """Return the JA4 of the last exchange of an address, empty where there is none."""
    for entry in reversed(list(JournalReader(journal).entries())):
        record = entry.record
        if isinstance(record, HttpActivity) and record.src_endpoint.ip == address and record.ja4_fingerprint_list:
            return record.ja4_fingerprint_list[0].value
    return ""

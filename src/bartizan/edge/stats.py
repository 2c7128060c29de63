"""What a worker counts for /metrics: plain numbers on the hot path, a report on request."""

from __future__ import annotations

from bisect import bisect_left

import msgspec

from bartizan.pipeline import Exchange

__all__ = ["BUCKETS", "GuardReport", "JournalReport", "NodeReport", "RequestReport", "Stats", "WorkerReport"]

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Upper bounds in seconds: those of OpenTelemetry's http.server.request.duration, and two below them."""


class RequestReport(msgspec.Struct, array_like=True):
    """Durations of the exchanges of one route, method and status; ``counts`` has one more item than ``BUCKETS``."""

    route: str
    method: str
    status: int
    counts: list[int]
    total: float


class GuardReport(msgspec.Struct, array_like=True):
    """How often a guard ran, for how many seconds in all, and how often it gave which verdict."""

    guard: str
    runs: int
    seconds: float
    verdicts: dict[str, int]


class NodeReport(msgspec.Struct, array_like=True):
    """How a node of an upstream stands in this worker."""

    upstream: str
    node: str
    healthy: bool
    ejected: bool
    in_flight: int
    idle: int
    picks: int
    failures: int


class JournalReport(msgspec.Struct, array_like=True):
    """How the journal stands: ``lag`` is the age in seconds of the oldest record that is not on disk yet."""

    records: int = 0
    bytes: int = 0
    dropped: int = 0
    lag: float = 0.0
    full: bool = False


class WorkerReport(msgspec.Struct):
    """All that one worker has counted since it started."""

    connections: int = 0
    accepted: int = 0
    in_flight: int = 0
    requests: list[RequestReport] = []
    guards: list[GuardReport] = []
    refused: dict[str, int] = {}
    errors: dict[str, int] = {}
    signals: dict[str, int] = {}
    nodes: list[NodeReport] = []
    journal: JournalReport = msgspec.field(default_factory=JournalReport)
    resident_bytes: int = 0
    snapshot: int = 0


class _Durations:
    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.total = 0.0


class _GuardCount:
    __slots__ = ("runs", "seconds", "verdicts")

    def __init__(self) -> None:
        self.runs = 0
        self.seconds = 0.0
        self.verdicts: dict[str, int] = {}


class Stats:
    """One worker's counters."""

    __slots__ = ("_durations", "_errors", "_guards", "_refused", "_signals", "accepted")

    def __init__(self) -> None:
        self.accepted = 0
        self._durations: dict[tuple[str, str, int], _Durations] = {}
        self._guards: dict[str, _GuardCount] = {}
        self._refused: dict[str, int] = {}
        self._errors: dict[str, int] = {}
        self._signals: dict[str, int] = {}

    def count(self, exchange: Exchange) -> None:
        """Count a finished exchange."""
        route, response, duration = exchange.route, exchange.response, exchange.duration
        key = ("" if route is None else route.name, exchange.request.method, 0 if response is None else response.status)
        durations = self._durations.get(key)
        if durations is None:
            durations = self._durations[key] = _Durations()
        durations.counts[bisect_left(BUCKETS, duration)] += 1
        durations.total += duration
        for name, seconds in exchange.timings:
            guard = self._guards.get(name)
            if guard is None:
                guard = self._guards[name] = _GuardCount()
            guard.runs += 1
            guard.seconds += seconds
        if exchange.verdict is not None and exchange.decided_by is not None:
            verdicts = self._guards[exchange.decided_by].verdicts
            action = exchange.verdict.action
            verdicts[action] = verdicts.get(action, 0) + 1
        if exchange.error is not None:
            self._errors[exchange.error] = self._errors.get(exchange.error, 0) + 1
        for signal in exchange.signals:
            self._signals[signal.name] = self._signals.get(signal.name, 0) + 1

    def refuse(self, reason: str) -> None:
        """Count a request or connection that never became an exchange."""
        self._refused[reason] = self._refused.get(reason, 0) + 1

    def signal(self, name: str) -> None:
        """Count a signal that belongs to no exchange."""
        self._signals[name] = self._signals.get(name, 0) + 1

    def report(self) -> WorkerReport:
        """Return what has been counted; the owner adds what it knows of connections, nodes and the journal."""
        return WorkerReport(
            accepted=self.accepted,
            requests=[
                RequestReport(route, method, status, list(durations.counts), durations.total)
                for (route, method, status), durations in self._durations.items()
            ],
            guards=[
                GuardReport(name, guard.runs, guard.seconds, dict(guard.verdicts))
                for name, guard in self._guards.items()
            ],
            refused=dict(self._refused),
            errors=dict(self._errors),
            signals=dict(self._signals),
        )

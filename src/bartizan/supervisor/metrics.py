"""/metrics: OpenTelemetry's names for HTTP servers, and Bartizan's own, in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from bartizan import __version__
from bartizan.control.stats import ControlReport
from bartizan.decoy.stats import DecoyReport
from bartizan.edge.stats import BUCKETS, WorkerReport
from bartizan.sentry.stats import SentryReport
from bartizan.supervisor.supervisor import Status

__all__ = ["CompanionStatus", "render_metrics"]

_BOUNDS = [*(f"{bound:g}" for bound in BUCKETS), "+Inf"]


@dataclass(frozen=True, slots=True)
class CompanionStatus:
    """How a process beside the workers is, where there is to be one."""

    name: str
    report: msgspec.Struct
    serving: bool
    restarts: int


class _Snapshot(Collector):
    """The metrics of one report."""

    def __init__(self, report: WorkerReport, status: Status, workers: int, beside: Sequence[CompanionStatus]) -> None:
        self._report = report
        self._status = status
        self._workers = workers
        self._beside = beside

    def collect(self) -> Iterable[Metric]:
        """Yield all metric families."""
        yield from self._requests()
        yield from self._guards()
        yield from self._nodes()
        yield from self._journal()
        yield from self._process()
        for each in self._beside:
            yield from _companion(each)

    def _requests(self) -> Iterable[Metric]:
        duration = HistogramMetricFamily(
            "http_server_request_duration_seconds",
            "Duration of exchanges, from the request head to the response's last byte",
            labels=["http_route", "http_request_method", "http_response_status_code"],
        )
        for request in self._report.requests:
            counts = list(zip(_BOUNDS, accumulate(request.counts), strict=True))
            duration.add_metric([request.route, request.method, str(request.status)], counts, request.total)
        yield duration
        yield GaugeMetricFamily("http_server_active_requests", "Exchanges in flight", self._report.in_flight)
        yield _counts("bartizan_refused_requests", "Requests and connections refused before an exchange began",
                      "reason", self._report.refused)  # fmt: skip
        yield _counts("bartizan_exchange_errors", "Exchanges that ended otherwise than by a whole response",
                      "error", self._report.errors)  # fmt: skip
        signals = dict(self._report.signals)
        for each in self._beside:
            if isinstance(each.report, ControlReport):
                for name, count in each.report.signals.items():
                    signals[name] = signals.get(name, 0) + count
        yield _counts("bartizan_signals", "Signals raised", "name", signals)

    def _guards(self) -> Iterable[Metric]:
        verdicts = CounterMetricFamily("bartizan_guard_verdicts", "Verdicts given", labels=["guard", "action"])
        runs = CounterMetricFamily("bartizan_guard_runs", "Exchanges that a guard looked at", labels=["guard"])
        seconds = CounterMetricFamily("bartizan_guard_duration_seconds", "Time spent in a guard", labels=["guard"])
        for guard in self._report.guards:
            for action, count in guard.verdicts.items():
                verdicts.add_metric([guard.guard, action], count)
            runs.add_metric([guard.guard], guard.runs)
            seconds.add_metric([guard.guard], guard.seconds)
        yield from (verdicts, runs, seconds)

    def _nodes(self) -> Iterable[Metric]:
        labels = ["upstream", "node"]
        families: list[tuple[Metric, str]] = [
            (
                GaugeMetricFamily("bartizan_upstream_node_healthy", "1 if every worker's checks say so", labels=labels),
                "healthy",
            ),
            (
                GaugeMetricFamily("bartizan_upstream_node_ejected", "1 if left out for its failures", labels=labels),
                "ejected",
            ),
            (
                GaugeMetricFamily("bartizan_upstream_node_in_flight", "Exchanges with the node", labels=labels),
                "in_flight",
            ),
            (GaugeMetricFamily("bartizan_upstream_node_idle", "Idle connections to the node", labels=labels), "idle"),
            (CounterMetricFamily("bartizan_upstream_node_picks", "Tries sent to the node", labels=labels), "picks"),
            (CounterMetricFamily("bartizan_upstream_node_failures", "Tries that failed", labels=labels), "failures"),
        ]
        for family, attribute in families:
            for node in self._report.nodes:
                family.add_metric([node.upstream, node.node], float(getattr(node, attribute)))  # type: ignore[attr-defined]
            yield family

    def _journal(self) -> Iterable[Metric]:
        journal = self._report.journal
        yield CounterMetricFamily("bartizan_journal_records", "Records journaled", journal.records)
        yield CounterMetricFamily("bartizan_journal_bytes", "Bytes journaled", journal.bytes)
        yield CounterMetricFamily("bartizan_journal_dropped", "Records lost to a full disk", journal.dropped)
        yield GaugeMetricFamily("bartizan_journal_lag_seconds", "Age of the oldest record not written yet", journal.lag)
        yield GaugeMetricFamily("bartizan_journal_full", "1 while the disk is full", float(journal.full))

    def _process(self) -> Iterable[Metric]:
        report, status = self._report, self._status
        yield GaugeMetricFamily("bartizan_connections", "Open client connections", report.connections)
        yield CounterMetricFamily("bartizan_connections_accepted", "Client connections accepted", report.accepted)
        yield GaugeMetricFamily("bartizan_workers", "Workers that serve", self._workers)
        yield GaugeMetricFamily("bartizan_workers_resident_bytes", "Memory of all workers", report.resident_bytes)
        yield CounterMetricFamily("bartizan_worker_restarts", "Workers that died and were replaced", status.restarts)
        yield GaugeMetricFamily("bartizan_config_generation", "Configurations served so far", status.generation)
        yield _counts("bartizan_config_reloads", "Reloads by result", "result", status.reloads)
        yield GaugeMetricFamily("bartizan_config_last_reload_successful_timestamp_seconds",
                                "When the configuration in force was loaded", status.last_reload)  # fmt: skip
        build = GaugeMetricFamily("bartizan_build_info", "Always 1", labels=["version"])
        build.add_metric([__version__], 1)
        yield build


def render_metrics(report: WorkerReport, status: Status, workers: int, beside: Sequence[CompanionStatus] = ()) -> bytes:
    """Return the exposition of a report; ``workers`` is how many serve, ``beside`` what there is to be beside them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshot(report, status, workers, beside))
    return generate_latest(registry)


def _companion(status: CompanionStatus) -> Iterable[Metric]:
    name, report = status.name, status.report
    yield GaugeMetricFamily(f"bartizan_{name}_up", f"1 while the {name} process serves", float(status.serving))
    yield CounterMetricFamily(f"bartizan_{name}_restarts", f"Times that {name} died and was replaced", status.restarts)
    if isinstance(report, ControlReport):
        yield from _control(report)
    elif isinstance(report, DecoyReport):
        yield from _decoy(report)
    elif isinstance(report, SentryReport):
        yield from _sentry(report)


def _control(report: ControlReport) -> Iterable[Metric]:
    yield GaugeMetricFamily("bartizan_control_in_flight", "Requests that control works on", report.in_flight)
    yield GaugeMetricFamily("bartizan_control_resident_bytes", "Memory of the control process", report.resident_bytes)
    yield _counts("bartizan_control_requests", "Requests answered by control", "status", report.requests)
    yield CounterMetricFamily(
        "bartizan_control_journal_dropped", "Records of control lost to a full disk", report.journal_dropped
    )


def _decoy(report: DecoyReport) -> Iterable[Metric]:
    yield GaugeMetricFamily("bartizan_decoy_resident_bytes", "Memory of the decoy process", report.resident_bytes)
    yield GaugeMetricFamily("bartizan_decoy_tarpit_sockets", "Answers that drip now", report.tarpit_sockets)
    yield _counts("bartizan_decoy_requests", "Diverted requests answered", "status", report.requests)
    yield CounterMetricFamily("bartizan_decoy_entries", "Entries of transcripts written", report.entries)
    yield CounterMetricFamily("bartizan_decoy_entries_dropped", "Entries of transcripts lost", report.entries_dropped)


def _sentry(report: SentryReport) -> Iterable[Metric]:
    gauges = (
        ("behind_bytes", "Bytes of the journals that were not read yet", report.behind_bytes),
        ("behind_seconds", "How long the oldest of these has waited at the most", report.behind_seconds),
        ("actors", "Actors that are remembered", report.actors),
        ("standings", "Actors whose risk edge processes were told", report.standings),
        ("cases", "Cases of decoys that were touched", report.cases),
        ("decisions", "Decisions that are remembered", report.decisions),
        ("unwritten", "Items that could not be kept yet", report.unwritten),
        ("resident_bytes", "Memory of the sentry process", report.resident_bytes),
    )
    for name, told, value in gauges:
        yield GaugeMetricFamily(f"bartizan_sentry_{name}", told, value)
    counters = (
        ("records", "Journal records read, over all restarts", report.records),
        ("signals", "Signals that spoke against somebody, over all restarts", report.signals),
        ("published", "Risks told to edge processes", report.published),
        ("damaged", "Records and places in journals that could not be read", report.damaged),
        ("lost_segments", "Journal segments that were removed before they were read", report.lost_segments),
    )
    for name, told, count in counters:
        yield CounterMetricFamily(f"bartizan_sentry_{name}", told, count)


def _counts(name: str, help_: str, label: str, counts: dict[str, int]) -> Metric:
    family = CounterMetricFamily(name, help_, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family

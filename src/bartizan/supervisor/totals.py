"""Adding up what workers have counted, so that a counter never goes backwards when one of them ends."""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.edge.stats import GuardReport, JournalReport, NodeReport, RequestReport, WorkerReport

__all__ = ["Totals", "add_reports"]


class Totals:
    """What ended workers have counted, to be added to what live ones have."""

    def __init__(self) -> None:
        self._ended = WorkerReport()

    def ended(self, last: WorkerReport) -> None:
        """Keep the counters of a worker that has gone; what it held at the moment is gone with it."""
        total = add_reports([self._ended, last])
        total.connections = total.in_flight = total.resident_bytes = 0
        total.nodes = [
            NodeReport(node.upstream, node.node, True, False, 0, 0, node.picks, node.failures) for node in total.nodes
        ]
        total.journal = JournalReport(total.journal.records, total.journal.bytes, total.journal.dropped)
        self._ended = total

    def with_live(self, reports: Iterable[WorkerReport]) -> WorkerReport:
        """Return the sum of live workers and those that have gone."""
        return add_reports([self._ended, *reports])


def add_reports(reports: Iterable[WorkerReport]) -> WorkerReport:
    """Return the sum of reports; a node is healthy if every worker that knows it says so."""
    total = WorkerReport()
    requests: dict[tuple[str, str, int], RequestReport] = {}
    guards: dict[str, GuardReport] = {}
    nodes: dict[tuple[str, str], NodeReport] = {}
    for report in reports:
        total.connections += report.connections
        total.accepted += report.accepted
        total.in_flight += report.in_flight
        total.resident_bytes += report.resident_bytes
        total.snapshot = max(total.snapshot, report.snapshot)
        for counts, more in (
            (total.refused, report.refused),
            (total.errors, report.errors),
            (total.signals, report.signals),
        ):
            _add(counts, more)
        for request in report.requests:
            key = (request.route, request.method, request.status)
            known = requests.setdefault(key, RequestReport(*key, [0] * len(request.counts), 0.0))
            known.counts = [a + b for a, b in zip(known.counts, request.counts, strict=True)]
            known.total += request.total
        for guard in report.guards:
            sum_ = guards.setdefault(guard.guard, GuardReport(guard.guard, 0, 0.0, {}))
            sum_.runs += guard.runs
            sum_.seconds += guard.seconds
            _add(sum_.verdicts, guard.verdicts)
        for node in report.nodes:
            _add_node(nodes, node)
        _add_journal(total.journal, report.journal)
    total.requests, total.guards, total.nodes = list(requests.values()), list(guards.values()), list(nodes.values())
    return total


def _add(counts: dict[str, int], more: dict[str, int]) -> None:
    for name, count in more.items():
        counts[name] = counts.get(name, 0) + count


def _add_node(nodes: dict[tuple[str, str], NodeReport], node: NodeReport) -> None:
    known = nodes.setdefault((node.upstream, node.node), NodeReport(node.upstream, node.node, True, False, 0, 0, 0, 0))
    known.healthy = known.healthy and node.healthy
    known.ejected = known.ejected or node.ejected
    known.in_flight += node.in_flight
    known.idle += node.idle
    known.picks += node.picks
    known.failures += node.failures


def _add_journal(total: JournalReport, more: JournalReport) -> None:
    total.records += more.records
    total.bytes += more.bytes
    total.dropped += more.dropped
    total.lag = max(total.lag, more.lag)
    total.full = total.full or more.full

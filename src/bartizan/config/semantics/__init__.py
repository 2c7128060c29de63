"""What a configuration has to fulfil beyond the form of each field: one module per part of the file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bartizan.config.document import Document
from bartizan.config.secrets import Resolved
from bartizan.config.semantics.finding import Finding, LineOf
from bartizan.config.semantics.guards import guard_findings
from bartizan.config.semantics.listeners import listener_findings
from bartizan.config.semantics.routes import route_findings
from bartizan.config.semantics.shadowing import shadowed_routes
from bartizan.config.semantics.storage import storage_findings
from bartizan.config.semantics.upstreams import upstream_findings
from bartizan.config.validation import Parts
from bartizan.errors import Problem

__all__ = ["check"]


def check(parts: Parts, document: Document, resolved: Resolved, now: datetime) -> list[Problem]:
    """Return every problem; a value that came from a reference is shown as the reference. ``now`` is aware."""
    problems = []
    for finding in _findings(parts, lambda path: document.place(path)[0], now):
        if finding.path in resolved.failed:
            continue
        reference = resolved.references.get(finding.path)
        value = finding.value if reference is None or finding.name else repr(reference)
        problems.append(
            document.problem(finding.path, finding.message, value=value, remedy=finding.remedy, name=finding.name)
        )
    return problems


def _findings(parts: Parts, line_of: LineOf, now: datetime) -> Iterator[Finding]:
    yield from listener_findings(parts, line_of, now)
    yield from upstream_findings(parts, line_of, now)
    yield from route_findings(parts, line_of)
    yield from shadowed_routes(parts, line_of)
    yield from guard_findings(parts, line_of)
    yield from storage_findings(parts)

"""What a configuration has to fulfil beyond the form of each field: one module per part of the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from bartizan.config.document import Document
from bartizan.config.secrets import Resolved
from bartizan.config.semantics.access import access_findings
from bartizan.config.semantics.finding import Finding, LineOf
from bartizan.config.semantics.guards import guard_findings
from bartizan.config.semantics.listeners import listener_findings
from bartizan.config.semantics.obstacles import obstacle_findings
from bartizan.config.semantics.routes import route_findings
from bartizan.config.semantics.shadowing import shadowed_routes
from bartizan.config.semantics.storage import storage_findings
from bartizan.config.semantics.upstreams import upstream_findings
from bartizan.config.semantics.waf import waf_findings
from bartizan.config.validation import Parts
from bartizan.errors import Problem

__all__ = ["Check", "check"]

Check = Callable[[Parts], Iterator[Finding]]
"""A check by a room that `config` may not know of: it is handed to ``load``."""


def check(
    parts: Parts, document: Document, resolved: Resolved, now: datetime, more: tuple[Check, ...] = ()
) -> list[Problem]:
    """Return every problem; a value that came from a reference is shown as the reference. ``now`` is aware.

    ``more`` are checks beside those of this package.
    """
    found = [*_findings(parts, lambda path: document.place(path)[0], now)]
    for each in more:
        found += each(parts)
    return [_problem(finding, document, resolved) for finding in found if finding.path not in resolved.failed]


def _problem(finding: Finding, document: Document, resolved: Resolved) -> Problem:
    message, value, remedy = finding.message, finding.value, finding.remedy
    reference = None if finding.name else resolved.references.get(finding.path)
    if reference is not None:
        value = repr(reference)
        if finding.quoting:
            message, remedy = "does not have the right form once its reference is resolved", "see docs/configuration.md"
    if any(secret in remedy for secret in resolved.values):  # suggested, from another field
        remedy = ""
    return document.problem(finding.path, message, value=value, remedy=remedy, name=finding.name)


def _findings(parts: Parts, line_of: LineOf, now: datetime) -> Iterator[Finding]:
    yield from listener_findings(parts, line_of, now)
    yield from upstream_findings(parts, line_of, now)
    yield from route_findings(parts, line_of)
    yield from shadowed_routes(parts, line_of)
    yield from guard_findings(parts, line_of)
    yield from obstacle_findings(parts)
    yield from waf_findings(parts)
    yield from access_findings(parts, line_of)
    yield from storage_findings(parts)

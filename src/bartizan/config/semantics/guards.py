"""Checks of ``guards`` at the top of the file and of routes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bartizan.config.document import FieldPath
from bartizan.config.model import Concurrency, Denylist, RateLimit, Window
from bartizan.config.model.guards import DenylistOverride, RateLimitOverride
from bartizan.config.semantics.files import readable_fault
from bartizan.config.semantics.finding import Finding, LineOf, repeated
from bartizan.config.validation import Parts, shown

__all__ = ["guard_findings"]

_KEY = re.compile(r"address|network|ja4|principal|route|listener|header:[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")


def guard_findings(parts: Parts, line_of: LineOf) -> Iterator[Finding]:
    """Yield what is wrong with the settings of guards."""
    if parts.guards is not None:
        yield from _denylist(parts.guards.denylist, ("guards", "denylist"))
        yield from _rate_limit(parts.guards.rate_limit, ("guards", "rate_limit"), line_of)
    for number, route in parts.routes.items():
        if "guards" in route.model_fields_set:
            path: FieldPath = ("routes", number, "guards")
            yield from _denylist(route.guards.denylist, (*path, "denylist"))
            yield from _rate_limit(route.guards.rate_limit, (*path, "rate_limit"), line_of)


def _denylist(denylist: Denylist | DenylistOverride, path: FieldPath) -> Iterator[Finding]:
    for field, files in (("deny_files", denylist.deny_files), ("allow_files", denylist.allow_files)):
        for number, file in enumerate(files or ()):
            found = readable_fault(file)
            if found is not None:
                yield Finding((*path, field, number), found[0], repr(file), found[1])


def _rate_limit(limits: RateLimit | RateLimitOverride, path: FieldPath, line_of: LineOf) -> Iterator[Finding]:
    windows: Sequence[Window] = limits.windows or ()
    concurrency: Concurrency | None = limits.concurrency
    names: dict[FieldPath, str] = {}
    for number, window in enumerate(windows):
        at = (*path, "windows", number)
        yield from _keys(window.key, (*at, "key"))
        if window.name is not None:
            names[*at, "name"] = window.name
    yield from repeated(names, line_of)
    if concurrency is not None:
        yield from _keys(concurrency.key, (*path, "concurrency", "key"))


def _keys(keys: Sequence[str], path: FieldPath) -> Iterator[Finding]:
    for number, key in enumerate(keys):
        if not _KEY.fullmatch(key):
            remedy = "use address, network, header:NAME, ja4, principal, route or listener"
            yield Finding((*path, number), "is not something to count by", shown(key), remedy)

"""Routes that no exchange can ever reach, since an earlier one takes all of theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bartizan.config.model import Route
from bartizan.config.semantics.finding import Finding, LineOf
from bartizan.config.validation import Parts, shown

__all__ = ["shadowed_routes"]

_PARAMETER = re.compile(r"\{[^{}]*\}")
_Conditions = tuple[frozenset[str], frozenset[tuple[str, str]], int]


def shadowed_routes(parts: Parts, line_of: LineOf) -> Iterator[Finding]:
    """Yield each path of a route that an earlier route has for all its hosts, with the same other conditions."""
    seen: dict[tuple[str, str, _Conditions], int] = {}
    for number, route in parts.routes.items():
        conditions = _conditions(route)
        hosts = [host.lower() for host in route.hosts] or ["*"]
        for index, pattern in enumerate(route.paths):
            shape = _PARAMETER.sub("{}", pattern) if "{" in pattern else pattern
            first = [seen.setdefault((host, shape, conditions), number) for host in hosts]
            if number not in first:
                yield Finding(
                    ("routes", number, "paths", index),
                    f"is never reached: the route in line {line_of(('routes', first[0]))} has the same conditions",
                    shown(pattern),
                    "change the hosts, paths, methods, headers or priority of one of the two",
                )


def _conditions(route: Route) -> _Conditions:
    headers = frozenset((name.lower(), value) for name, value in route.headers.items())
    return frozenset(route.methods), headers, route.priority

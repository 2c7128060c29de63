"""Checks of ``routes``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bartizan.config.document import FieldPath
from bartizan.config.forms import (
    authority_fault,
    header_name_fault,
    header_value_fault,
    host_pattern_fault,
    parameters_of,
    path_fault,
    path_pattern_fault,
)
from bartizan.config.model import HeaderEdits, Route
from bartizan.config.semantics.finding import Finding, LineOf, fault, nearest, repeated
from bartizan.config.validation import Parts, shown

__all__ = ["route_findings"]

_FRAMING = frozenset(
    ("connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te", "trailer",
     "transfer-encoding", "upgrade")
)  # fmt: skip
"""Fields that say how a message is framed or where it goes: the gateway writes them, no rewrite may."""


def route_findings(parts: Parts, line_of: LineOf) -> Iterator[Finding]:
    """Yield what is wrong with the routes."""
    names: dict[FieldPath, str] = {}
    for number, route in parts.routes.items():
        path: FieldPath = ("routes", number)
        names[*path, "name"] = route.name
        yield from _destination(route, path, parts.upstream_names)
        for index, host in enumerate(route.hosts):
            yield from fault((*path, "hosts", index), host, host_pattern_fault(host))
        for index, pattern in enumerate(route.paths):
            yield from fault((*path, "paths", index), pattern, path_pattern_fault(pattern))
        yield from _headers(route.headers, (*path, "headers"))
        if "rewrite" in route.model_fields_set:
            yield from _rewrite(route, (*path, "rewrite"))
    yield from repeated(names, line_of)


def _destination(route: Route, path: FieldPath, upstreams: frozenset[str]) -> Iterator[Finding]:
    if (route.upstream is None) == (not route.split):
        both = "has both `upstream` and `split`" if route.split else "has neither `upstream` nor `split`"
        yield Finding(path, both, remedy="name where its exchanges go in one of the two")
    if route.upstream is not None and route.upstream not in upstreams:
        yield _unknown_upstream((*path, "upstream"), route.upstream, upstreams)
    for number, share in enumerate(route.split):
        at = (*path, "split", number)
        if share.upstream not in upstreams:
            yield _unknown_upstream((*at, "upstream"), share.upstream, upstreams)
        yield from _headers(share.headers, (*at, "headers"))
    if route.split and not any(share.weight for share in route.split):
        remedy = "give at least one share weight 1 or more"
        yield Finding((*path, "split"), "has no weight at all", remedy=remedy, name=True)


def _unknown_upstream(path: FieldPath, name: str, upstreams: frozenset[str]) -> Finding:
    return Finding(
        path, "is not the name of an upstream", shown(name), nearest(name, upstreams) or "add it to upstreams"
    )


def _rewrite(route: Route, path: FieldPath) -> Iterator[Finding]:
    rewrite = route.rewrite
    if rewrite.prefix is not None:
        at = (*path, "prefix")
        yield from fault(at, rewrite.prefix, path_fault(rewrite.prefix))
        if rewrite.path is not None:
            yield Finding(at, "stands beside `path`, which replaces it", shown(rewrite.prefix), "keep one of the two")
        elif not all(pattern.endswith("/*") for pattern in route.paths):
            remedy = "use `path` where a route's paths do not all end in /*"
            yield Finding(at, "needs prefixes to replace", shown(rewrite.prefix), remedy)
    if rewrite.path is not None:
        yield from _rewritten_path(route.paths, rewrite.path, (*path, "path"))
    if rewrite.host is not None:
        yield from fault((*path, "host"), rewrite.host, authority_fault(rewrite.host))
    yield from _edits(rewrite.request_headers, (*path, "request_headers"))
    yield from _edits(rewrite.response_headers, (*path, "response_headers"))


def _rewritten_path(patterns: list[str], text: str, path: FieldPath) -> Iterator[Finding]:
    plain = text
    for name in parameters_of(text):
        plain = plain.replace(f"{{{name}}}", "x")
        if not all(name in parameters_of(pattern) for pattern in patterns):
            remedy = "use only {parameters} that each of the route's paths has"
            yield Finding(path, "uses a parameter that not every path of the route has", shown(text), remedy)
            return
    yield from fault(path, text, path_fault(plain))


def _edits(edits: HeaderEdits, path: FieldPath) -> Iterator[Finding]:
    for field, headers in (("set", edits.set), ("add", edits.add)):
        yield from _headers(headers, (*path, field))
        yield from _framing({(*path, field, name): name for name in headers}, name=True)
    removed: dict[FieldPath, str] = {(*path, "remove", number): name for number, name in enumerate(edits.remove)}
    for at, name in removed.items():
        yield from fault(at, name, header_name_fault(name))
    yield from _framing(removed, name=False)


def _framing(names: Mapping[FieldPath, str], *, name: bool) -> Iterator[Finding]:
    for path, text in names.items():
        if text.lower() in _FRAMING:
            remedy = "use `rewrite.host`" if text.lower() == "host" else "leave it to the gateway"
            yield Finding(path, "says how a message is framed or where it goes", shown(text), remedy, name=name)


def _headers(headers: Mapping[str, str], path: FieldPath) -> Iterator[Finding]:
    yield from _twice(headers, path)
    for name, value in headers.items():
        yield from fault((*path, name), name, header_name_fault(name), name=True)
        yield from fault((*path, name), value, header_value_fault(value))


def _twice(names: Iterable[str], path: FieldPath) -> Iterator[Finding]:
    """Yield names that are there in other capitals already: to HTTP they are one field."""
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            yield Finding((*path, name), "is there twice, in other capitals", shown(name), "keep one", name=True)
        seen.add(name.lower())

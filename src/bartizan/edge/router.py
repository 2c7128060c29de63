"""Which route an exchange takes. Built once per configuration; looked up once per exchange.

Routes are found through their hosts (exact, then wildcards from the longest suffix, then any) and their paths (exact
from a dictionary, patterns from a trie of segments). What is found is ordered as ``bartizan.config.model.Route`` says:
priority, host, kind of path, length of path, number of conditions, order in the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import unquote

from bartizan.config.model import Route
from bartizan.http.headers import Headers
from bartizan.http.message import Request

__all__ = ["Match", "Router"]

T = TypeVar("T")
_EXACT, _PARAMETERS, _PREFIX = 2, 1, 0
_NO_PARAMETERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """What was found: the ``payload`` of a route, or None; then ``allowed`` are the methods that would fit (405)."""

    payload: T | None
    pattern: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate(Generic[T]):
    """One path of one route."""

    payload: T
    pattern: str
    order: tuple[int, ...]
    names: tuple[str, ...]
    methods: frozenset[str]
    headers: tuple[tuple[bytes, bytes], ...]
    match: Match[T]

    def accepts(self, headers: Headers) -> bool:
        return all(name in headers if value == b"*" else value in headers.get_all(name) for name, value in self.headers)


class _Branch(Generic[T]):
    """A node of the trie: what follows a prefix of segments."""

    __slots__ = ("below", "end", "parameter", "prefix")

    def __init__(self) -> None:
        self.below: dict[str, _Branch[T]] = {}
        self.parameter: _Branch[T] | None = None
        self.end: list[_Candidate[T]] = []
        self.prefix: list[_Candidate[T]] = []


class _Paths(Generic[T]):
    """The paths of one host."""

    __slots__ = ("_exact", "_has_patterns", "_root")

    def __init__(self) -> None:
        self._exact: dict[str, list[_Candidate[T]]] = {}
        self._root: _Branch[T] = _Branch()
        self._has_patterns = False

    def add(self, candidate: _Candidate[T]) -> None:
        pattern = candidate.pattern
        if "{" not in pattern and not pattern.endswith("/*"):
            self._exact.setdefault(pattern, []).append(candidate)
            return
        self._has_patterns = True
        branch = self._root
        prefix = pattern.endswith("/*")
        for segment in pattern.removesuffix("/*").split("/")[1:]:
            if segment.startswith("{"):
                branch.parameter = branch.parameter or _Branch()
                branch = branch.parameter
            else:
                branch = branch.below.setdefault(segment, _Branch())
        (branch.prefix if prefix else branch.end).append(candidate)

    def find(self, path: str, found: list[_Candidate[T]]) -> None:
        """Add all candidates for a path."""
        exact = self._exact.get(path)
        if exact is not None:
            found += exact
        if not self._has_patterns:
            return
        root = self._root
        if not root.below and root.parameter is None:
            found += root.prefix
            return
        self._walk(root, path.split("/"), 1, found)

    def _walk(self, branch: _Branch[T], segments: list[str], at: int, found: list[_Candidate[T]]) -> None:
        if branch.prefix:
            found += branch.prefix
        if at == len(segments):
            found += branch.end
            return
        segment = segments[at]
        below = branch.below.get(segment)
        if below is not None:
            self._walk(below, segments, at + 1, found)
        if branch.parameter is not None and segment:
            self._walk(branch.parameter, segments, at + 1, found)


class Router(Generic[T]):
    """Finds the route of a request. ``match`` never fails: a request without a route gets a Match without payload."""

    def __init__(self, routes: Sequence[tuple[Route, T]]) -> None:
        self._hosts: dict[str, _Paths[T]] = {}
        self._wildcards: dict[str, _Paths[T]] = {}
        self._any: _Paths[T] = _Paths()
        self._missing: Match[T] = Match(None)
        for number, (route, payload) in enumerate(routes):
            for host in route.hosts or ["*"]:
                for pattern in route.paths:
                    self._paths(host).add(_candidate(route, payload, host, pattern, number))

    def match(self, request: Request) -> Match[T]:
        """Return the best route for a request."""
        found = self.candidates(request.host, request.path)
        best: _Candidate[T] | None = None
        allowed: set[str] = set()
        method = request.method
        for candidate in found:
            if best is not None and candidate.order < best.order:
                continue
            if candidate.headers and not candidate.accepts(request.headers):
                continue
            if candidate.methods and method not in candidate.methods:
                allowed |= candidate.methods
                continue
            best = candidate
        if best is None:
            return Match(None, allowed=tuple(sorted(allowed))) if allowed else self._missing
        if not best.names:
            return best.match
        return Match(best.payload, best.pattern, _parameters(best, request.path))

    def candidates(self, host: str, path: str) -> list[_Candidate[T]]:
        """Return every path of every route that fits host and path, whatever its other conditions."""
        found: list[_Candidate[T]] = []
        exact = self._hosts.get(host)
        if exact is not None:
            exact.find(path, found)
        if self._wildcards:
            for suffix in _suffixes(host):
                paths = self._wildcards.get(suffix)
                if paths is not None:
                    paths.find(path, found)
        self._any.find(path, found)
        return found

    def _paths(self, host: str) -> _Paths[T]:
        if host == "*":
            return self._any
        if host.startswith("*."):
            return self._wildcards.setdefault(host[2:].lower(), _Paths())
        return self._hosts.setdefault(host.lower(), _Paths())


def _candidate(route: Route, payload: T, host: str, pattern: str, number: int) -> _Candidate[T]:
    prefix = pattern.endswith("/*")
    names = tuple(segment[1:-1] for segment in pattern.split("/") if segment.startswith("{"))
    kind = _PARAMETERS if names else _PREFIX if prefix else _EXACT
    methods = frozenset(route.methods) | ({"HEAD"} if "GET" in route.methods else set())
    headers = tuple((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in route.headers.items())
    order = (
        route.priority,
        _host_rank(host),
        kind,
        pattern.count("/"),
        len(pattern),
        bool(methods) + len(headers),
        -number,
    )
    return _Candidate(payload, pattern, order, names, methods, headers, Match(payload, pattern, _NO_PARAMETERS))


def _host_rank(host: str) -> int:
    if host == "*":
        return 0
    return len(host) if host.startswith("*.") else 1000


def _suffixes(host: str) -> Iterator[str]:
    dot = host.find(".")
    while dot >= 0:
        yield host[dot + 1 :]
        dot = host.find(".", dot + 1)


def _parameters(candidate: _Candidate[T], path: str) -> dict[str, str]:
    segments = path.split("/")
    pattern = candidate.pattern.split("/")
    return {part[1:-1]: unquote(segments[at]) for at, part in enumerate(pattern) if part.startswith("{")}

"""Which route an exchange takes. Built once per configuration; looked up once per exchange.

Routes are found through their hosts (exact, then wildcards, then any) and their paths (exact from a dictionary,
patterns from a trie of segments). Of those that fit, the first in the order of ``Precedence`` wins.

Paths are compared as lenient servers read them: an escape that needed none (``%3A`` for ``:``) and path parameters
(``;v=1``) make no difference. Otherwise ``/users%3Adelete`` or ``/users;x`` would pass by the route ``/users:delete``
or ``/users`` and its guards, and still reach the same handler.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import unquote

from bartizan.config.model import Route
from bartizan.http.address import parse_address
from bartizan.http.headers import Headers
from bartizan.http.message import Request

__all__ = ["Candidate", "Match", "Precedence", "Router"]

T = TypeVar("T")
_NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})
_DELIMITER = re.compile("%(21|24|26|27|28|29|2A|2B|2C|3A|3B|3D|40)")  # RFC 3986: sub-delims, `:` and `@`


class Precedence(NamedTuple):
    """What decides between routes that fit: the greater wins, the first difference counts."""

    priority: int
    host: int
    """Exact, then wildcards by length, then any."""
    kind: int
    """Exact path, then with parameters, then prefix."""
    segments: int
    length: int
    """Of the path, without its parameters."""
    conditions: int
    """One for methods, one for each header."""
    position: int
    """In the file, counted down."""


class Match(NamedTuple, Generic[T]):
    """What was found: the ``payload`` of a route, or None; then ``allowed`` are the methods that would fit (405).

    ``pattern`` is the path of the route that fits, ``parameters`` what stands for its parameters, percent-decoded.
    """

    payload: T | None
    pattern: str = ""
    parameters: Mapping[str, str] = _NO_PARAMETERS
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate(Generic[T]):
    """One path of one route for one host. ``rank`` is its place among all: the lowest wins."""

    payload: T
    pattern: str
    host: str
    precedence: Precedence
    rank: int
    parameters: tuple[tuple[str, int], ...]
    """Names, and the segments that they stand for."""
    methods: frozenset[str]
    headers: tuple[tuple[bytes, bytes], ...]
    match: Match[T]
    """What is returned where there are no parameters."""

    def lacking(self, headers: Headers) -> bytes | None:
        """Return the name of the first header condition that is not met, or None."""
        for name, value in self.headers:
            if not (name in headers if value == b"*" else value in headers.get_all(name)):
                return name
        return None


class _Branch(Generic[T]):
    """A node of the trie: what follows a prefix of segments."""

    __slots__ = ("below", "end", "parameter", "prefix")

    def __init__(self) -> None:
        self.below: dict[str, _Branch[T]] = {}
        self.parameter: _Branch[T] | None = None
        self.end: list[Candidate[T]] = []
        self.prefix: list[Candidate[T]] = []


class _Paths(Generic[T]):
    """The paths of one host."""

    __slots__ = ("_depth", "_exact", "_root")

    def __init__(self) -> None:
        self._exact: dict[str, list[Candidate[T]]] = {}
        self._root: _Branch[T] = _Branch()
        self._depth = -1  # of the deepest pattern, in segments; -1: there are none

    def add(self, candidate: Candidate[T]) -> None:
        """Put a candidate where ``find`` comes by."""
        prefix = candidate.pattern.endswith("/*")
        pattern = _delimited(candidate.pattern.removesuffix("/*"))
        if not prefix and not candidate.parameters:
            self._exact.setdefault(pattern, []).append(candidate)
            return
        branch = self._root
        segments = pattern.split("/")[1:]
        self._depth = max(self._depth, len(segments))
        for segment in segments:
            if segment.startswith("{"):
                branch.parameter = branch.parameter or _Branch()
                branch = branch.parameter
            else:
                branch = branch.below.setdefault(segment, _Branch())
        (branch.prefix if prefix else branch.end).append(candidate)

    def find(self, path: str, found: list[Candidate[T]]) -> None:
        """Add all candidates for a path to ``found``."""
        exact = self._exact.get(path)
        if exact is not None:
            found += exact
        depth = self._depth
        if depth > 0:
            self._walk(path.split("/", depth + 1), found)  # what is deeper than any pattern needs no splitting
        elif depth == 0:
            found += self._root.prefix

    def _walk(self, segments: list[str], found: list[Candidate[T]]) -> None:
        branch, at, count = self._root, 1, len(segments)
        pending: list[tuple[_Branch[T], int]] = []
        while True:
            while at < count:
                if branch.prefix:
                    found += branch.prefix
                segment = segments[at]
                at += 1
                below, parameter = branch.below.get(segment), branch.parameter
                if parameter is not None and segment and segment[0] != ";":
                    if below is not None:
                        pending.append((below, at))
                    branch = parameter
                elif below is not None:
                    branch = below
                else:
                    break
            else:
                found += branch.prefix
                found += branch.end
            if not pending:
                return
            branch, at = pending.pop()


class Router(Generic[T]):
    """Finds the route of a request. ``match`` never fails: a request without a route gets a Match without payload."""

    def __init__(self, routes: Sequence[tuple[Route, T]]) -> None:
        self._hosts: dict[str, _Paths[T]] = {}
        self._wildcards: dict[str, _Paths[T]] = {}
        self._any: _Paths[T] = _Paths()
        self._missing: Match[T] = Match(None)
        entries = [
            (_precedence(route, host, pattern, number), number, host, pattern)
            for number, (route, _) in enumerate(routes)
            for host in route.hosts or ["*"]
            for pattern in route.paths
        ]
        entries.sort(key=lambda entry: entry[0], reverse=True)
        for rank, (precedence, number, host, pattern) in enumerate(entries):
            candidate = _candidate(*routes[number], host, pattern, precedence, rank)
            self._paths(host).add(candidate)

    def match(self, request: Request) -> Match[T]:
        """Return the best route for a request."""
        best: Candidate[T] | None = None
        unfit: list[Candidate[T]] | None = None
        method = request.method
        for candidate in self._find(request.host, request.path):
            if best is not None and candidate.rank > best.rank:
                continue
            if candidate.headers and candidate.lacking(request.headers) is not None:
                continue
            if candidate.methods and method not in candidate.methods:
                unfit = [candidate] if unfit is None else [*unfit, candidate]
                continue
            best = candidate
        if best is None:
            return self._missing if unfit is None else Match(None, allowed=_allowed(unfit))
        if not best.parameters:
            return best.match
        segments = request.path.split("/")
        parameters = {
            name: unquote(segment) if "%" in (segment := segments[at]) else segment for name, at in best.parameters
        }
        return Match(best.payload, best.pattern, parameters)

    def candidates(self, host: str, path: str) -> list[Candidate[T]]:
        """Return every path of every route that fits host and path, the best first, whatever its other conditions."""
        found = {candidate.rank: candidate for candidate in self._find(host, path)}
        return [found[rank] for rank in sorted(found)]

    def _find(self, host: str, path: str) -> list[Candidate[T]]:
        found: list[Candidate[T]] = []
        if "%" in path or ";" in path:
            for reading in _readings(path):
                self._collect(host, reading, found)
        else:
            self._collect(host, path, found)
        return found

    def _collect(self, host: str, path: str, found: list[Candidate[T]]) -> None:
        exact = self._hosts.get(host)
        if exact is not None:
            exact.find(path, found)
        if self._wildcards:
            dot = host.find(".")
            while dot >= 0:
                wildcard = self._wildcards.get(host[dot + 1 :])
                if wildcard is not None:
                    wildcard.find(path, found)
                dot = host.find(".", dot + 1)
        self._any.find(path, found)

    def _paths(self, host: str) -> _Paths[T]:
        if host == "*":
            return self._any
        if host.startswith("*."):
            return self._wildcards.setdefault(host[2:].lower(), _Paths())
        name = parse_address(host).address if ":" in host else host.lower()
        return self._hosts.setdefault(name, _Paths())


def _candidate(route: Route, payload: T, host: str, pattern: str, precedence: Precedence, rank: int) -> Candidate[T]:
    return Candidate(
        payload,
        pattern,
        host,
        precedence,
        rank,
        tuple((part[1:-1], at) for at, part in enumerate(pattern.split("/")) if part.startswith("{")),
        frozenset(route.methods) | ({"HEAD"} if "GET" in route.methods else set()),
        tuple((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in route.headers.items()),
        Match(payload, pattern),
    )


def _precedence(route: Route, host: str, pattern: str, number: int) -> Precedence:
    shape = "/".join("" if part.startswith("{") else part for part in pattern.split("/"))
    kind = 0 if pattern.endswith("/*") else 1 if "{" in pattern else 2
    breadth = 0 if host == "*" else len(host) if host.startswith("*.") else 1000
    conditions = bool(route.methods) + len(route.headers)
    return Precedence(route.priority, breadth, kind, shape.count("/"), len(shape), conditions, -number)


def _allowed(candidates: list[Candidate[T]]) -> tuple[str, ...]:
    return tuple(sorted(frozenset().union(*(candidate.methods for candidate in candidates))))


def _delimited(path: str) -> str:
    """Decode the delimiters that a path may have unescaped."""
    return _DELIMITER.sub(lambda escape: chr(int(escape[1], 16)), path) if "%" in path else path


def _readings(path: str) -> set[str]:
    """Return the path with its delimiters decoded, and that without path parameters."""
    whole = _delimited(path)
    bare = "/".join([segment.partition(";")[0] for segment in whole.split("/")]) if ";" in whole else whole
    return {whole, bare}

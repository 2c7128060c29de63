"""Which ids a request names: in its path, its query, or its JSON, at the places of a list and its details."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl

from bartizan.detection.canaries.edit import FieldCanary, ItemCanary
from bartizan.detection.canaries.templates import overlap
from bartizan.detection.edits.scan import parse
from bartizan.http.message import Request

__all__ = ["MAX_BODY", "Canaries", "Canary", "ids_in_body", "ids_in_query"]

Canary = FieldCanary | ItemCanary

MAX_BODY = 65_536  # bytes of a request that are looked at
MAX_QUERY = 8192  # bytes
MAX_IDS = 100  # of one request
_WRITES = frozenset(("POST", "PUT", "PATCH", "DELETE"))


class Canaries:
    """Canaries by the first segment of their paths: a request to anywhere else costs two lookups."""

    def __init__(self, canaries: tuple[Canary, ...]) -> None:
        self._all = canaries
        self._given = _by_first((canary.template.first, canary) for canary in canaries)
        self._touched = _by_first((canary.detail.first, canary) for canary in canaries)

    def of(self, patterns: Sequence[str]) -> Canaries | None:
        """Return those that a route with these paths can meet; None where there is none."""
        met = tuple(
            each
            for each in self._all
            if overlap(each.template.text, patterns) or overlap(each.detail.text, patterns, below=True)
        )
        return Canaries(met) if met else None

    def given(self, path: str) -> tuple[Canary, ...]:
        """Return the canaries that responses to a path may have."""
        some = self._given.get(_first(path)) or self._given.get(None)
        return () if some is None else tuple(each for each in some if each.template.value(path) is not None)

    def near(self, path: str) -> tuple[Canary, ...]:
        """Return the canaries that a request to a path may name."""
        return self._touched.get(_first(path)) or self._touched.get(None) or ()


def ids_in_query(canary: Canary, request: Request) -> list[str]:
    """Return the values of query parameters that are named like the canary's id."""
    query = request.query
    if not query or len(query) > MAX_QUERY:
        return []
    names = (canary.field, canary.detail.last) if isinstance(canary, ItemCanary) else ()
    pairs = parse_qsl(query.decode("latin-1"))
    return [value for name, value in pairs if name in names][:MAX_IDS]


def ids_in_body(canary: Canary, request: Request, body: bytes) -> list[int | str]:
    """Return what a JSON object has under names like the canary's id, one value or several."""
    if not isinstance(canary, ItemCanary) or request.method not in _WRITES:
        return []
    try:
        value = parse(body)
    except ValueError:
        return []
    if not isinstance(value, dict):
        return []
    found: list[int | str] = []
    for name in (canary.field, canary.detail.last):
        held = value.get(name)
        values = held if isinstance(held, list) else [held]
        found += [each for each in values if isinstance(each, int | str) and not isinstance(each, bool)]
    return found[:MAX_IDS]


def _by_first(pairs: Iterable[tuple[str | None, Canary]]) -> dict[str | None, tuple[Canary, ...]]:
    """Group canaries by first segment; those that begin with any are in each group."""
    groups: dict[str | None, list[Canary]] = {None: []}
    for first, canary in pairs:
        groups.setdefault(first, []).append(canary)
    anywhere = groups.pop(None)
    return {None: tuple(anywhere), **{first: (*group, *anywhere) for first, group in groups.items()}}


def _first(path: str) -> str:
    end = path.find("/", 1)
    return path[1:] if end < 0 else path[1:end]

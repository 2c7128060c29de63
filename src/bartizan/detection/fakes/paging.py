"""Which part of a list a query asks for, as most APIs let clients say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from bartizan.detection.fakes.plain import Json

__all__ = ["WHOLE", "Part", "is_paged", "part_of"]

MAX_QUERY = 2048  # characters that are looked at
MAX_DIGITS = 9
_PAGES = frozenset(("page", "pagenumber", "pageindex", "currentpage"))
_SKIPPED = frozenset(("offset", "skip", "start"))
_LENGTHS = frozenset(("limit", "perpage", "pagesize", "size"))


@dataclass(frozen=True, slots=True)
class Part:
    """``page`` counts from 1; ``skip`` and ``limit`` count items, None where nothing was said.

    ``other`` is the rest of the query, in order of its names: what is searched for.
    """

    page: int = 1
    skip: int | None = None
    limit: int | None = None
    other: tuple[tuple[str, str], ...] = ()

    def first(self, count: int) -> int:
        """Return how many items are before it, where a page has ``count``."""
        return (self.page - 1) * count if self.skip is None else self.skip

    def told(self, around: Mapping[str, Json]) -> dict[str, Json]:
        """Return the members of what is around a list; those that say which part it is do so."""
        return {name: self._own(_plain(name), value) for name, value in around.items()}

    def _own(self, name: str, value: Json) -> Json:
        if not isinstance(value, int) or isinstance(value, bool):
            return value
        if name in _PAGES:
            return self.page
        if name in _SKIPPED:
            return self.skip or 0
        return self.limit if name in _LENGTHS and self.limit is not None else value


WHOLE = Part()
"""What is shown to those who say nothing."""


def part_of(query: str) -> Part:
    """Return what a query (percent-encoded) asks for; what makes no sense asks for the first part. Never raises."""
    if not query:
        return WHOLE
    page, skip, limit = 1, None, None
    other = []
    for name, value in _pairs(query):
        plain = _plain(name)
        number = int(value) if value.isascii() and value.isdecimal() and len(value) <= MAX_DIGITS else None
        if plain in _PAGES:
            page = max(1, number or 1)
        elif plain in _SKIPPED:
            skip = number
        elif plain in _LENGTHS:
            limit = number or None
        else:
            other.append((name, value))
    return Part(page, skip, limit, tuple(sorted(other)))


def is_paged(around: Mapping[str, object]) -> bool:
    """Tell whether what is around a list says which part of it this is."""
    return any(_plain(name) in _PAGES or _plain(name) in _SKIPPED for name in around)


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query[:MAX_QUERY], keep_blank_values=True, errors="replace", max_num_fields=32)
    except ValueError:
        return []


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")

"""Paths with parameters (``/orders/{id}``), matched against the paths of requests segment by segment."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

__all__ = ["Template", "overlap"]


class Template:
    """A path; segments in braces stand for any one segment. ``last`` is the name of the last of these, or None."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._segments = [(_parameter(segment), segment) for segment in text.split("/")]
        named = [name for name, _ in self._segments if name is not None]
        self.last = named[-1] if named else None
        first = self._segments[1] if len(self._segments) > 1 else (None, "")
        self.first = None if first[0] is not None else first[1]
        """The first segment, by which templates are looked up; None if it may be any."""

    def value(self, path: str, *, below: bool = False) -> str | None:
        """Return what stands for the last parameter (empty if there is none); None if the path does not match.

        With ``below`` it may go on behind what matches.
        """
        parts = path.split("/", 64)
        if len(parts) < len(self._segments) or (len(parts) > len(self._segments) and not below):
            return None
        value = ""
        for (name, literal), part in zip(self._segments, parts, strict=False):
            if name is None:
                if part != literal:
                    return None
            elif not part:
                return None
            else:
                value = part
        return unquote(value) if "%" in value else value


def overlap(template: str, patterns: Iterable[str], *, below: bool = False) -> bool:
    """Tell whether a path can match a template and one of a route's patterns, which may end with ``/*``.

    With ``below`` it may go on behind what matches the template.
    """
    ours = template.split("/")
    return any(_overlap(ours, pattern.split("/")[: len(ours) if below else None]) for pattern in patterns)


def _overlap(ours: list[str], theirs: list[str]) -> bool:
    if theirs[-1] == "*":
        theirs = theirs[:-1]
        ours = ours[: len(theirs)]
    return len(ours) == len(theirs) and all(
        mine == other or _parameter(mine) is not None or _parameter(other) is not None
        for mine, other in zip(ours, theirs, strict=True)
    )


def _parameter(segment: str) -> str | None:
    return segment[1:-1] if segment[:1] == "{" and segment[-1:] == "}" else None

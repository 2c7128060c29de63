"""What a check returns, and what several of them need."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from bartizan.config.document import FieldPath
from bartizan.config.forms import Fault
from bartizan.config.validation import shown

__all__ = ["Finding", "LineOf", "fault", "nearest", "repeated"]

LineOf = Callable[[FieldPath], int]
"""Returns the line that a value stands in."""

MAX_CANDIDATES = 2000  # comparing with more names takes longer than the help is worth


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at ``path``, or with the ``name`` of the field there.

    ``value`` is the text to show; where it came from a reference, the reference is shown instead. ``quoting`` tells
    that ``message`` or ``remedy`` may hold parts of the value, and are not to be shown then either.
    """

    path: FieldPath
    message: str
    value: str = ""
    remedy: str = ""
    name: bool = False
    quoting: bool = False


def fault(path: FieldPath, text: str, found: Fault, *, name: bool = False) -> Iterator[Finding]:
    """Yield a finding for text that does not have its form."""
    if found is not None:
        yield Finding(path, found[0], shown(text), found[1], name=name, quoting=True)


def nearest(name: str, known: Collection[str]) -> str:
    """Return what to do about a name that is not known."""
    if len(known) <= MAX_CANDIDATES and (near := difflib.get_close_matches(name, known, 1)):
        return f"did you mean `{near[0]}`?"
    return f"known are: {', '.join(sorted(known))}" if 0 < len(known) <= 12 else ""


def repeated(values: Mapping[FieldPath, str], line_of: LineOf) -> Iterator[Finding]:
    """Yield a finding for each value that stands at an earlier path already."""
    seen: dict[str, FieldPath] = {}
    for path, value in values.items():
        first = seen.setdefault(value, path)
        if first is not path:
            yield Finding(path, f"is used already in line {line_of(first)}", shown(value), "choose another")

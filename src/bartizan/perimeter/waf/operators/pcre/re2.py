"""Writes a pattern for RE2."""

from __future__ import annotations

from typing import NamedTuple

from bartizan.perimeter.waf.operators.pcre.errors import NotLinearError
from bartizan.perimeter.waf.operators.pcre.facts import may_take_nothing
from bartizan.perimeter.waf.operators.pcre.leaves import write_run, write_set
from bartizan.perimeter.waf.operators.pcre.nodes import (
    Alternation,
    Assertion,
    Group,
    Mode,
    Node,
    OneByte,
    Place,
    Repeat,
    Sequence,
)

__all__ = ["Written", "write_re2"]

_MOST_REPEATS = 1000
"""RE2's own limit for one repetition, and for the product of repetitions in each other."""
_LARGEST = 1 << 20  # bytes of a written pattern
_PLACES = {
    Place.TEXT_START: b"\\A",
    Place.LINE_START: b"^",
    Place.TEXT_END: b"\\z",
    Place.LINE_END: b"$",
    Place.WORD_EDGE: b"\\b",
    Place.NO_WORD_EDGE: b"\\B",
}
_SUFFIX = {(0, None): b"*", (1, None): b"+", (0, 1): b"?"}


class Written(NamedTuple):
    r"""A pattern for RE2.

    ``groups`` tells RE2's number of each capturing group, in order. ``ends`` are RE2's numbers of empty groups that
    mark where a match ends, although RE2 also took the newline after it (``\Z``).
    """

    pattern: bytes
    groups: tuple[int, ...]
    ends: tuple[int, ...]


def write_re2(node: Node, *, line_start: bytes = b"^") -> Written:
    """Write a pattern for RE2 with Latin-1 encoding.

    Args:
        node: The pattern, without atomic groups and possessive quantifiers.
        line_start: What ``^`` in multi-line mode is written as.

    Raises:
        NotLinearError: RE2 cannot take it.
    """
    writer = _Writer(line_start)
    text = writer.write(node, b"%b", last=True)
    groups = tuple(at for _, at in sorted(writer.groups.items()))
    return Written(b"(?ms)" + text, groups, tuple(writer.ends))


class _Writer:
    __slots__ = ("ends", "groups", "line_start", "opened", "weight")

    def __init__(self, line_start: bytes) -> None:
        self.line_start = line_start
        self.opened = 0
        self.groups: dict[int, int] = {}
        self.ends: list[int] = []
        self.weight = 1
        """The largest product of repetitions in each other in what was written last."""

    def write(self, node: Node, around: bytes, *, last: bool) -> bytes:
        r"""Write a node; ``around`` is put around a choice, ``last`` tells that nothing of the pattern follows."""
        if isinstance(node, OneByte):
            self.weight = 1
            return write_set(node.bytes)
        if isinstance(node, Assertion):
            self.weight = 1
            return self._assertion(node, last=last)
        if isinstance(node, Sequence):
            return self._sequence(node, last=last)
        if isinstance(node, Alternation):
            return around % self._alternation(node, last=last)
        if isinstance(node, Group):
            self.opened += 1
            self.groups[node.number] = self.opened
            return b"(%b)" % self.write(node.node, b"%b", last=last)
        if isinstance(node, Repeat):
            return self._repeat(node, last=last)
        raise NotLinearError("what RE2 does not know", node.position)

    def _assertion(self, node: Assertion, *, last: bool) -> bytes:
        if node.place is Place.LINE_START:
            return self.line_start
        if node.place is not Place.LAST_LINE_END:
            return _PLACES[node.place]
        if not last:
            raise NotLinearError("\\Z, or $ without multi-line mode, can only stand at the end", node.position)
        self.opened += 1
        self.ends.append(self.opened)
        return b"(?:()\\n?\\z)"

    def _alternation(self, node: Alternation, *, last: bool) -> bytes:
        weight = 1
        parts = []
        for branch in node.branches:
            parts.append(self.write(branch, b"%b", last=last))
            weight = max(weight, self.weight)
        self.weight = weight
        return b"|".join(parts)

    def _sequence(self, node: Sequence, *, last: bool) -> bytes:
        parts: list[bytes] = []
        run: list[int] = []
        weight = 1
        final = len(node.items) - 1
        for at, item in enumerate(node.items):
            if isinstance(item, OneByte):
                run.append(item.bytes)
                continue
            if run:
                parts.append(write_run(run))
                run = []
            parts.append(self.write(item, b"(?:%b)", last=last and at == final))
            weight = max(weight, self.weight)
        parts.append(write_run(run))
        self.weight = weight
        return b"".join(parts)

    def _repeat(self, node: Repeat, *, last: bool) -> bytes:
        groups, ends = self.opened, len(self.ends)
        inner = self.write(node.node, b"%b", last=last and node.high == 1)
        if not isinstance(node.node, OneByte):
            inner = b"(?:%b)" % inner
        lazy = b"?" if node.mode is Mode.LAZY else b""
        if node.low == node.high:
            lazy = b""  # there is no choice, and a ? after a count that is left out would be one
        biggest = max(node.low, node.high or 1, 1)
        weight = self.weight
        if biggest * weight <= _MOST_REPEATS:
            self.weight = biggest * weight
            return inner + _counts(node.low, node.high) + lazy
        if self.opened > groups or len(self.ends) > ends:
            raise NotLinearError("a group that captures is repeated too often for RE2", node.position)
        if may_take_nothing(node.node):
            raise NotLinearError("what may match nothing is repeated too often for RE2", node.position)
        return self._unrolled(node, inner, lazy, weight)

    def _unrolled(self, node: Repeat, inner: bytes, lazy: bytes, weight: int) -> bytes:
        """Write a repetition that is too large for RE2 as several in a row, the required ones first."""
        step = max(_MOST_REPEATS // weight, 1)
        parts = [(step, step)] * (node.low // step) + [(node.low % step, node.low % step)] * (node.low % step > 0)
        if node.high is None:
            parts.append((0, None))  # type: ignore[arg-type]
        else:
            more = node.high - node.low
            parts += [(0, step)] * (more // step) + [(0, more % step)] * (more % step > 0)
        if len(parts) * len(inner) > _LARGEST:
            raise NotLinearError("a repetition that becomes too large", node.position)
        self.weight = step * weight
        return b"(?:%b)" % b"".join([inner + _counts(low, high) + lazy for low, high in parts])


def _counts(low: int, high: int | None) -> bytes:
    if low == high:
        return b"" if low == 1 else b"{%d}" % low
    if (low, high) in _SUFFIX:
        return _SUFFIX[low, high]
    return b"{%d,}" % low if high is None else b"{%d,%d}" % (low, high)

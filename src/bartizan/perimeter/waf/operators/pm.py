"""``@pm`` and ``@pmFromFile``: one of many phrases, in either case, in one pass."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import lru_cache

import hyperscan

from bartizan.perimeter.waf.operators.interface import Captures, Context, Operator
from bartizan.perimeter.waf.operators.linear import UNANCHORED, compile_re2
from bartizan.perimeter.waf.operators.pcre.leaves import write_run
from bartizan.perimeter.waf.operators.pcre.sets import either_case
from bartizan.perimeter.waf.operators.phrases import phrases, phrases_from_file

__all__ = ["match_phrases", "pm", "pm_from_file"]

_End = Callable[[bytes], int]
"""Tells where the first phrase ends in a value, -1 if there is none."""

_FLAGS = hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_SINGLEMATCH
_MAX_MEMORY = 8 << 20  # bytes


def pm(argument: bytes, context: Context) -> Operator:
    """Match a value that holds one of the phrases; captures which, see ``match_phrases``."""
    return match_phrases(phrases(argument), hyperscan=context.hyperscan)


def pm_from_file(argument: bytes, context: Context) -> Operator:
    """Match a value that holds one of the phrases in a file; captures as ``@pm``.

    Raises:
        OperatorError: The file cannot be read.
    """
    return match_phrases(phrases_from_file(argument, context), hyperscan=context.hyperscan)


def match_phrases(wanted: list[bytes], *, hyperscan: bool = True) -> Operator:
    """Return an operator that matches values with one of the phrases, in either case of ASCII letters.

    It captures what libmodsecurity's automaton stands for at the place where the first phrase ends: the longest text
    before it that any phrase begins with, spelled as in the first such phrase. With ``hello`` and ``ell``, ``HELL``
    captures ``hell``.

    The database is built with the first value, as most rules never see one.
    """
    if not wanted:
        return lambda value: None  # noqa: ARG005
    spell = _speller(wanted)
    find: _End | None = None

    def search(value: bytes) -> Captures | None:
        nonlocal find
        if find is None:
            find = _scanner(tuple(wanted)) if hyperscan else _automaton(wanted)
        end = find(value)
        return None if end < 0 else (spell(value, end),)

    return search


@lru_cache(maxsize=128)
def _scanner(wanted: tuple[bytes, ...]) -> _End:
    """Find phrases with Hyperscan, or without it if the processor does not have what it needs.

    Rules that are read again share the database of the same list: the binding loses memory with each one it builds.
    """
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    count = len(wanted)
    try:
        database.compile(
            expressions=[
                _escaped(phrase) for phrase in wanted
            ],  # as literals, the binding would end them at a zero byte
            ids=list(range(count)),
            elements=count,
            flags=[_FLAGS] * count,
        )
    except hyperscan.error:
        return _automaton(wanted)
    scan = database.scan

    def report(number: int, start: int, end: int, flags: int, found: object) -> None:  # noqa: ARG001
        found.append(end)  # type: ignore[attr-defined]

    def find(value: bytes) -> int:
        found: list[int] = []
        scan(value, report, 0, found)
        return min(found) if found else -1

    return find


def _escaped(phrase: bytes) -> bytes:
    return b"".join([b"\\x%02x" % byte for byte in phrase])


def _automaton(wanted: Sequence[bytes]) -> _End:
    """Find phrases with RE2, which tells that there is one; where the first ends is found by halving."""
    pattern = b"|".join([write_run([either_case(1 << byte) for byte in phrase]) for phrase in wanted])
    match = compile_re2(pattern, max_memory=_MAX_MEMORY)

    def find(value: bytes) -> int:
        start, most = match(UNANCHORED, value, 0, len(value))[0]
        if start < 0:
            return -1
        least = start + 1
        while least < most:
            middle = (least + most) // 2
            if match(UNANCHORED, value, 0, middle)[0][0] < 0:
                least = middle + 1
            else:
                most = middle
        return most

    return find


def _speller(wanted: list[bytes]) -> Callable[[bytes, int], bytes]:
    """Return what finds, before a place in a value, the longest beginning of a phrase."""
    order = sorted(range(len(wanted)), key=lambda at: wanted[at].lower())
    folded = [wanted[at].lower() for at in order]
    longest = max(map(len, wanted))

    def spell(value: bytes, end: int) -> bytes:
        before = value[max(end - longest, 0) : end].lower()
        for skipped in range(len(before)):
            prefix = before[skipped:]
            at = bisect_left(folded, prefix)
            first = len(wanted)
            while at < len(folded) and folded[at].startswith(prefix):
                first = min(first, order[at])
                at += 1
            if first < len(wanted):
                return wanted[first][: len(prefix)]
        return b""

    return spell

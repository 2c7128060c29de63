"""Regular expressions on RE2: linear time, and read as libmodsecurity's PCRE2 reads them."""

from __future__ import annotations

from collections.abc import Callable

from bartizan.perimeter.waf.operators.backtracking import Pcre2
from bartizan.perimeter.waf.operators.interface import Captures
from bartizan.perimeter.waf.operators.linear import ANCHORED, UNANCHORED, Match, Spans, compile_re2
from bartizan.perimeter.waf.operators.pcre import Translated, translate

__all__ = ["Regex", "compile_rx"]


class Regex:
    """A compiled pattern.

    ``search(value)`` returns the first match and its groups, or None; ``test(value)`` tells whether there is a match;
    ``spans(value, start)`` returns where the first match from ``start`` on and its groups are, or None. What is beyond
    RE2 is matched by PCRE2, with a limit on its time: then all three can raise ``MatchLimitError``.

    Where a group that is repeated can match nothing, as in ``(?:a?|b)+``, RE2 may go on where PCRE2 stops: then what
    was matched, and groups within it, can be longer. Whether there is a match is always the same.
    """

    __slots__ = ("search", "spans", "test", "translated")

    def __init__(self, translated: Translated) -> None:
        self.translated = translated
        match = compile_re2(translated.re2)
        if translated.beyond:
            self._backtracking(Pcre2(translated.pattern, match, ignore_case=translated.ignore_case).spans)
            return
        self.spans = _spans(translated, match)
        self.search: Callable[[bytes], Captures | None] = _search(translated, match, self.spans)
        self.test: Callable[[bytes], bool] = _test(translated, match, self.spans)

    def _backtracking(self, spans: Callable[[bytes, int], Spans | None]) -> None:
        def search(value: bytes) -> Captures | None:
            found = spans(value, 0)
            return None if found is None else _texts(value, found)

        self.spans = spans
        self.search = search
        self.test = lambda value: spans(value, 0) is not None


def compile_rx(pattern: bytes, *, ignore_case: bool = False, translated: Translated | None = None) -> Regex:
    """Compile a pattern as libmodsecurity 3.0.15 does: for bytes, ``.`` takes newlines, ``^`` and ``$`` mean lines.

    Args:
        pattern: In PCRE2's syntax; an empty one is ``.*``.
        ignore_case: Whether letters match in either case from the start.
        translated: The outcome of ``translate`` for it, if it is at hand.

    Raises:
        PatternError: The pattern is not valid.
        OperatorError: RE2 refuses it, because it becomes too large; or it is beyond RE2, and PCRE2 refuses it.
    """
    return Regex(translated or translate(pattern, ignore_case=ignore_case))


def _simple(translated: Translated) -> bool:
    return translated.at_end is None and not translated.ends


def _search(
    translated: Translated, match: Match, spans_of: Callable[[bytes, int], Spans | None]
) -> Callable[[bytes], Captures | None]:
    if translated.literal is not None:
        literal = translated.literal
        captures = (literal,)
        return lambda value: captures if literal in value else None
    if not _simple(translated):

        def exact(value: bytes) -> Captures | None:
            found = spans_of(value, 0)
            return None if found is None else _texts(value, found)

        return exact
    if not translated.groups:

        def whole(value: bytes) -> Captures | None:
            start, end = match(UNANCHORED, value, 0, len(value))[0]
            return None if start < 0 else (value[start:end],)

        return whole

    def grouped(value: bytes) -> Captures | None:
        found = match(UNANCHORED, value, 0, len(value))
        return None if found[0][0] < 0 else _texts(value, found)

    return grouped


def _texts(value: bytes, found: Spans) -> Captures:
    while found[-1][0] < 0:
        found.pop()
    return tuple([value[start:end] if start >= 0 else b"" for start, end in found])


def _test(
    translated: Translated, match: Match, spans_of: Callable[[bytes, int], Spans | None]
) -> Callable[[bytes], bool]:
    if translated.literal is not None:
        literal = translated.literal
        return lambda value: literal in value
    if translated.at_end is not None:
        return lambda value: spans_of(value, 0) is not None
    return lambda value: match(UNANCHORED, value, 0, len(value))[0][0] >= 0


def _spans(translated: Translated, match: Match) -> Callable[[bytes, int], Spans | None]:
    at_end = None if translated.at_end is None else compile_re2(translated.at_end)
    groups, ends = translated.groups, translated.ends

    def spans(value: bytes, start: int) -> Spans | None:
        length = len(value)
        found = match(UNANCHORED, value, start, length)
        if found[0][0] < 0:
            return None
        if at_end is not None and found[0][0] == length and value.endswith(b"\n"):
            # PCRE2's ^ does not match here, RE2's does; there is nothing left that could come before this match.
            found = at_end(ANCHORED, value, length, length)
            if found[0][0] < 0:
                return None
        return _trimmed(found, groups, ends) if ends else found

    return spans


def _trimmed(found: Spans, groups: tuple[int, ...], ends: tuple[int, ...]) -> Spans:
    r"""Take the newline off that RE2 took for ``\Z``, and the groups that mark where it did."""
    end = max(found[mark][0] for mark in ends)
    kept = [found[0], *(found[number] for number in groups)]
    return kept if end < 0 else [(min(first, end), min(last, end)) for first, last in kept]

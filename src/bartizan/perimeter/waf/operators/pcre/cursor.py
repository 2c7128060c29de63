"""A place in a pattern that is being read, with the options that hold there."""

from __future__ import annotations

from dataclasses import dataclass

from bartizan.perimeter.waf.operators.pcre.errors import PatternError
from bartizan.perimeter.waf.operators.pcre.nodes import ANYTHING, Beyond, Node

__all__ = ["Cursor", "Options"]

_BLANKS = b" \t"
_EXTENDED_SPACE = b" \t\n\v\f\r"


@dataclass(frozen=True, slots=True)
class Options:
    """The options that a pattern can change; the defaults are those that libmodsecurity compiles with."""

    caseless: bool = False
    dot_all: bool = True
    multi_line: bool = True
    extended: bool = False
    extended_more: bool = False
    ungreedy: bool = False
    no_capture: bool = False


class Cursor:
    """Reads a pattern byte by byte; ``at`` is the next one, ``groups`` how many capturing groups were opened so far."""

    __slots__ = ("at", "closed", "groups", "literal", "names", "options", "pattern", "search_starts")

    def __init__(self, pattern: bytes, options: Options) -> None:
        self.pattern = pattern
        self.options = options
        self.at = 0
        self.groups = 0
        self.names: set[bytes] = set()
        self.closed: dict[int, tuple[Node, bool]] = {}
        """The groups that are read to their end: what they match, and whether in either case."""
        self.search_starts: list[int] = []
        r"""Where ``\G`` stands."""
        self.literal = False
        r"""Whether the place is between ``\Q`` and ``\E``."""

    def reference(self, number: int, start: int) -> Beyond:
        """Return a back-reference to a group, which takes what the group took."""
        node, caseless = self.closed.get(number, (ANYTHING, True))
        wider = node if caseless or not self.options.caseless else ANYTHING
        return Beyond(wider, f"a back-reference (\\{number})", start)

    def at_end(self) -> bool:
        """Tell whether all is read."""
        return self.at >= len(self.pattern)

    def next_is(self, text: bytes) -> bool:
        """Tell whether ``text`` comes next."""
        return self.pattern.startswith(text, self.at)

    def skip(self, text: bytes) -> bool:
        """Read ``text`` if it comes next, and tell whether it did."""
        if self.pattern.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def take(self) -> int:
        """Read one byte; the caller knows that there is one."""
        byte = self.pattern[self.at]
        self.at += 1
        return byte

    def peek(self) -> bytes:
        """Return the next byte without reading it; empty at the end."""
        return self.pattern[self.at : self.at + 1]

    def run(self, allowed: bytes, most: int = 1 << 30) -> bytes:
        """Read up to ``most`` bytes as long as they are among ``allowed``."""
        start, end = self.at, min(self.at + most, len(self.pattern))
        while self.at < end and self.pattern[self.at] in allowed:
            self.at += 1
        return self.pattern[start : self.at]

    def until(self, end: bytes, problem: str) -> bytes:
        """Read up to ``end`` and past it; raises ``PatternError`` with ``problem`` if it does not come."""
        start = self.at
        found = self.pattern.find(end, start)
        if found < 0:
            raise PatternError(problem, start)
        self.at = found + len(end)
        return self.pattern[start:found]

    def enter_literal(self) -> bool:
        r"""Read what means nothing before an item (``\Q``, ``\E``); tell whether the next byte stands for itself."""
        while True:
            if self.literal:
                if not self.skip(b"\\E"):
                    return not self.at_end()
                self.literal = False
            elif self.skip(b"\\Q"):
                self.literal = True
            elif not self.skip(b"\\E"):
                return False

    def skip_blanks(self) -> None:
        """Read spaces and tabs, which are allowed within braces."""
        self.run(_BLANKS)

    def skip_comments(self) -> None:
        """Read comments, and in extended mode white space, between items."""
        while not self.enter_literal():
            if self.skip(b"(?#"):
                self.until(b")", "unclosed comment")
            elif not (self.options.extended and self._extended()):
                return

    def _extended(self) -> bool:
        if self.run(_EXTENDED_SPACE):
            return True
        if not self.skip(b"#"):
            return False
        end = self.pattern.find(b"\n", self.at)
        self.at = len(self.pattern) if end < 0 else end + 1
        return True

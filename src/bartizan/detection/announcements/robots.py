"""Rules that are put into a robots.txt (RFC 9309), as whoever wrote the file would have written them.

They go behind the last rule of the group for all crawlers (``User-agent: *``); where there is no such group one is made
at the end. No byte that was there changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["disallow", "robots"]

_RECORD = re.compile(rb"((?:\xef\xbb\xbf)?[ \t]*)([A-Za-z-]{1,32})([ \t]*:[ \t]*)([^#\r\n]*)")
_BREAK = re.compile(rb"(?:\r\n|\n|\r)\Z")


@dataclass(slots=True)
class _File:
    """What is known of a file: where its rules for all end, how it writes lines, what it disallows already."""

    last: int = -1
    """The line behind which rules go, -1 if there is no group for all."""
    rule: bytes = b""
    """What stands before the path in its last rule."""
    agent: bytes = b""
    """What stands before the name of a crawler."""
    named: frozenset[bytes] = frozenset()


def robots(paths: Iterable[str]) -> bytes:
    """Return a file of our own that keeps all crawlers away from paths (percent-encoded)."""
    return disallow(b"", tuple(paths))


def disallow(text: bytes, paths: Sequence[str]) -> bytes:
    """Return a robots.txt with rules for paths (percent-encoded), those left out that it has already.

    Raises ``ValueError`` for what is no text.
    """
    if b"\0" in text:
        raise ValueError("is no text")
    lines = text.splitlines(keepends=True)
    file = _read(lines)
    new = [path.encode("ascii") for path in paths if path.encode("ascii") not in file.named]
    if not new:
        return text
    breaks = _BREAK.search(lines[0]) if lines else None
    newline = b"\n" if breaks is None else breaks.group()
    rules = [file.rule + path for path in new]
    if file.last < 0:
        separate = [b""] if text.strip() else []
        rules = [*separate, file.agent + b"*", *rules]
        file.last = len(lines) - 1
    before, after = b"".join(lines[: file.last + 1]), b"".join(lines[file.last + 1 :])
    if before and _BREAK.search(before) is None:  # the last line of a file that ends without a break, and still does
        return before + newline + newline.join(rules)
    return before + newline.join(rules) + newline + after


def _read(lines: Sequence[bytes]) -> _File:
    """Read a file as crawlers do: agents that follow each other have the rules behind them in common."""
    file = _File()
    named: set[bytes] = set()
    for_all, agents = False, False
    disallows = allows = b""
    gap = b": "
    for number, line in enumerate(lines):
        record = _RECORD.match(line)
        if record is None:
            continue
        before, name, colon, value = record.groups()
        kind, before = name.lower(), before.removeprefix(b"\xef\xbb\xbf")
        if kind == b"user-agent":
            if file.last >= 0 and not agents:
                break
            for_all = value.strip() == b"*" or (agents and for_all)
            agents, gap = True, colon
            file.agent = before + name + colon
        elif kind in (b"allow", b"disallow"):
            agents = False
            colon = colon if value.strip() else gap  # of an empty one it is not known
            if kind == b"disallow":
                disallows = before + name + colon
                named.update((value.strip(),) if for_all else ())
            else:
                allows = before + _cased(name) + colon
        else:
            continue
        if for_all:
            file.last = number
    file.named = frozenset(named)
    file.agent = file.agent or b"User-agent: "
    file.rule = disallows or allows or b"Disallow: "
    return file


def _cased(name: bytes) -> bytes:
    """Return the name of the rule in letters as small or capital as those of ``Allow``."""
    return b"disallow" if name.islower() else b"DISALLOW" if name.isupper() else b"Disallow"

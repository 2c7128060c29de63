"""What a transcript tells about whoever it is of: tools, goals, payloads, and what was done when.

Everything is counted in one pass, in memory that does not grow with the transcript.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Protocol

import msgspec
import re2

from bartizan.decoy.entry import Entry
from bartizan.decoy.payloads import classes_of, decoded
from bartizan.decoy.tools import tools_of

__all__ = ["Bout", "Finding", "Study", "study"]

PAUSE = 60.0  # seconds without a request that end a bout
LONGEST = 600.0  # seconds of a bout
MAX_KINDS = 2000  # different things that are counted of one kind
MAX_BOUTS = 500
WORD_LIST = 20  # different paths that are not there, from which on it is a list of words
_TEXT = 32 * 1024  # characters of a body that are looked at
_ID = re.compile(r"\d{1,18}|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-f]{24,64}")
_GOALS: tuple[tuple[str, str], ...] = (
    ("table", r"(?i)\b(?:from|into|update|table)\s+[`\"]?([a-z_][\w.$]{0,63})"),
    ("column", r"(?i)\bselect\s+(?:distinct\s+)?([a-z_]\w{0,63}(?:\s*,\s*\w{1,64}){0,9})\s+from\b"),
    ("file", r"(?i)((?:/(?:etc|proc|var|root|home)/|[a-z]:\\)[\w./\\-]{1,100})"),
    ("host", r"(?i)[=\"'\s:](?:https?|ldaps?|gopher|dict|ftp|rmi)://([\w.\-\[\]:]{1,100})"),
    (
        "command",
        r"(?i)(?:[;|&`]\s*|\$\()((?:id|whoami|uname|cat|ls|curl|wget|ping|nc|bash|sh|nslookup|sleep)\b[^;&|`\n]{0,60})",
    ),
)
_UNINTERESTING = frozenset(("dual", "null", "select", "where", "information_schema"))


class Finding(msgspec.Struct):
    """Something that was seen: what it is, how often, from when to when (Unix seconds), and an example."""

    kind: str
    what: str
    count: int
    first: float
    last: float
    example: str = ""


class Bout(msgspec.Struct):
    """Requests that followed one another; ``doing`` and ``statuses`` count them."""

    start: float
    end: float
    requests: int = 0
    doing: dict[str, int] = {}
    statuses: dict[str, int] = {}
    tools: list[str] = []


class Study(msgspec.Struct):
    """All of it; lists begin with what was seen most, the timeline with what was first."""

    actor: str
    requests: int
    first: float
    last: float
    addresses: list[str]
    tools: list[Finding]
    goals: list[Finding]
    payloads: list[Finding]
    timeline: list[Bout]


class _Counts:
    """Findings of one sort, bounded."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Finding] = {}

    def add(self, kind: str, what: str, time: float, example: str = "") -> None:
        found = self._found.get((kind, what))
        if found is not None:
            found.count += 1
            found.last = time
        elif len(self._found) < MAX_KINDS:
            self._found[kind, what] = Finding(kind, what, 1, time, time, example[:200])

    def most(self) -> list[Finding]:
        return sorted(self._found.values(), key=lambda found: -found.count)


def study(entries: Iterable[Entry]) -> Study | None:
    """Return what the entries of one actor, the oldest first, tell; None if there are none."""
    student = _Student()
    for entry in entries:
        student.read(entry)
    return student.told()


class _Student:
    """Reads entries one after the other."""

    def __init__(self) -> None:
        self._requests = 0
        self._actor = ""
        self._first = self._last = 0.0
        self._addresses: dict[str, None] = {}
        self._tools, self._goals, self._payloads = _Counts(), _Counts(), _Counts()
        self._ids: dict[str, set[str]] = {}
        self._missing: dict[str, float] = {}
        self._bouts: list[Bout] = []

    def read(self, entry: Entry) -> None:
        self._actor = entry.actor
        self._first = self._first if self._requests else entry.time
        self._last = entry.time
        self._requests += 1
        if len(self._addresses) < MAX_KINDS:
            self._addresses[entry.address] = None
        target = _target(entry)
        values = "\n".join(value for name, value in entry.fields if name != "user-agent")
        forms = decoded(f"{target}\n{entry.body[:_TEXT].decode('utf-8', 'replace')}\n{values}")
        text = "\n".join(forms)
        tools = self._read_tools(entry, text)
        classes = list(dict.fromkeys([*entry.payloads, *classes_of([text])]))
        for name in classes:
            self._payloads.add("payload", name, entry.time, f"{entry.method} {target}")
        self._read_goals(entry, target.partition("?")[0], forms[-1])
        self._read_bout(entry, classes, tools)

    def told(self) -> Study | None:
        if not self._requests:
            return None
        self._tell_patterns()
        return Study(
            self._actor, self._requests, self._first, self._last, [address for address in self._addresses if address],
            self._tools.most(), self._goals.most(), self._payloads.most(), self._bouts,
        )  # fmt: skip

    def _read_tools(self, entry: Entry, text: str) -> list[str]:
        found = list(tools_of(entry, text))
        for name, how in found:
            self._tools.add("tool", name, entry.time, how)
        return [name for name, _ in found]

    def _read_goals(self, entry: Entry, path: str, text: str) -> None:
        template, ids = _template(path)
        self._goals.add("path", f"{entry.method} {template}", entry.time, path)
        if ids and (template in self._ids or len(self._ids) < MAX_KINDS):
            seen = self._ids.setdefault(template, set())
            if len(seen) < MAX_KINDS:
                seen.update(ids)
        if entry.status == 404 and len(self._missing) < MAX_KINDS:
            self._missing.setdefault(path, entry.time)
        if any(part.startswith(".") and len(part) > 2 for part in path.split("/")):
            self._goals.add("file", path, entry.time, path)
        for kind, pattern in _goals():
            for match in dict.fromkeys(pattern.findall(text)):
                what = match.strip().rstrip(".,")
                if what.lower() not in _UNINTERESTING:
                    self._goals.add(kind, what, entry.time, f"{entry.method} {_target(entry)}")

    def _read_bout(self, entry: Entry, classes: list[str], tools: list[str]) -> None:
        bout = self._bouts[-1] if self._bouts else None
        full = len(self._bouts) >= MAX_BOUTS
        if bout is None or (not full and (entry.time - bout.end > PAUSE or entry.time - bout.start > LONGEST)):
            bout = Bout(entry.time, entry.time)
            self._bouts.append(bout)
        bout.end = entry.time
        bout.requests += 1
        for doing in classes or [_doing(entry)]:
            bout.doing[doing] = bout.doing.get(doing, 0) + 1
        status = str(entry.status)
        bout.statuses[status] = bout.statuses.get(status, 0) + 1
        bout.tools += [name for name in tools if name not in bout.tools and len(bout.tools) < 10]

    def _tell_patterns(self) -> None:
        """Add what only many requests together show."""
        if len(self._missing) >= WORD_LIST:
            for path, time in self._missing.items():
                self._tools.add("tool", "a word list of paths", time, f"{len(self._missing)} paths, such as {path}")
        for template, ids in self._ids.items():
            if len(ids) > 2:
                numbers = sorted(int(each) for each in ids if each.isdecimal())
                span = f", {numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else ""
                self._goals.add("ids", f"{len(ids)} of {template}{span}", self._last)


class _Pattern(Protocol):
    """What is used of RE2's patterns."""

    def findall(self, text: str) -> list[str]:
        """Return what the one group matched."""
        ...


@cache
def _goals() -> tuple[tuple[str, _Pattern], ...]:
    return tuple((kind, re2.compile(pattern)) for kind, pattern in _GOALS)


def _target(entry: Entry) -> str:
    """Return path and query of an entry's URL."""
    _, _, rest = entry.url.partition("://")
    slash = rest.find("/")
    return rest[slash:] if slash >= 0 else rest


def _template(path: str) -> tuple[str, list[str]]:
    """Return a path with ``{id}`` in the place of numbers, UUIDs and digests, and those."""
    ids: list[str] = []
    parts = path.split("/")
    for at, part in enumerate(parts):
        if _ID.fullmatch(part):
            ids.append(part)
            parts[at] = "{id}"
    return "/".join(parts), ids


def _doing(entry: Entry) -> str:
    if entry.method not in ("GET", "HEAD", "OPTIONS"):
        return "writing"
    return "looking for paths" if entry.status == 404 else "reading"

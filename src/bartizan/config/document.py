"""YAML into plain data, with the place of every value and of every field's name.

One document in UTF-8, as YAML 1.2.2 writes it, its scalars resolved by the core schema (section 10.3.2): ``off`` and
``no`` stay text. libyaml splits the text into events; they are put together here, so that size, depth and what aliases
expand to are bounded while the file is read, and no tag can ever construct an object.

An alias shares the data and the places of its anchor. What it expands to is counted, never copied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from yaml.cyaml import CParser  # type: ignore[import-untyped]
from yaml.error import MarkedYAMLError, YAMLError  # type: ignore[import-untyped]
from yaml.events import (  # type: ignore[import-untyped]
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from bartizan.config.core_schema import UnknownTag, resolve_scalar
from bartizan.errors import ConfigError, Problem

__all__ = ["Document", "FieldPath", "Place", "format_path", "read_document"]

FieldPath = tuple[str | int, ...]

MAX_BYTES = 16 * 2**20
MAX_NODES = 2_000_000
MAX_ALIASED = 100_000  # nodes that all aliases together expand to
MAX_DEPTH = 40
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_CONTROL_IN_VALUE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_CAUSES = {
    "found character that cannot start any token": "a tab or one of @ ` % begins a value here",
    "did not find expected key": "a field's name is expected here",
    "mapping values are not allowed in this context": "a `:` is not expected here",
    "could not find expected ':'": "a `:` is missing before this",
    "did not find expected ',' or ']'": "a `,` or `]` is missing",
    "did not find expected ',' or '}'": "a `,` or `}` is missing",
    "found unexpected end of stream": "a quote is not closed",
}


@dataclass(slots=True)
class Place:
    """Where a value begins (from 1), where the names of its fields stand, and the places of what is in it."""

    line: int
    column: int
    names: dict[str, tuple[int, int]] = field(default_factory=dict)
    fields: dict[str, Place] = field(default_factory=dict)
    items: list[Place] = field(default_factory=list)

    def within(self, part: str | int) -> Place | None:
        """Return the place of a field or an item, or None."""
        if isinstance(part, str):
            return self.fields.get(part)
        return self.items[part] if part < len(self.items) else None


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data, where all of it stands, and the ``problems`` that did not keep it from being read."""

    file: str
    data: Any
    root: Place
    problems: tuple[Problem, ...] = ()

    def place(self, path: FieldPath, *, name: bool = False) -> tuple[int, int]:
        """Return line and column of a value, or of a field's ``name``; of a missing one, its nearest parent's."""
        place = self.root
        for number, part in enumerate(path):
            if name and number == len(path) - 1 and part in place.names:
                return place.names[str(part)]
            inner = place.within(part)
            if inner is None:
                break
            place = inner
        return place.line, place.column

    def problem(
        self, path: FieldPath, message: str, *, value: str = "", remedy: str = "", name: bool = False
    ) -> Problem:
        """Return a problem with the value at ``path``, or with its ``name``."""
        line, column = self.place(path, name=name)
        return Problem(self.file, line, column, format_path(path), message, value, remedy)


def format_path(path: FieldPath) -> str:
    """Return ``routes[2].paths[0]``; names with unusual characters are quoted: ``headers['a b']``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_NAME.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{part[:80]!r}]"
    return text or "(file)"


def read_document(file: str, content: bytes) -> Document:
    """Read one YAML document.

    Raises ``ConfigError`` for what cannot be read at all: too large, not UTF-8, not YAML, not one document.
    """
    if len(content) > MAX_BYTES:
        raise _unreadable(file, 1, 1, f"is larger than {MAX_BYTES // 2**20} MiB", "split it, or move lists to files")
    text = _decode(file, content)
    try:
        return _Builder(file, CParser(text)).build()
    except MarkedYAMLError as error:
        raise _syntax_error(file, error) from None
    except YAMLError as error:
        raise _unreadable(file, 1, 1, f"is not YAML: {str(error).splitlines()[0]}", "see yaml.org/spec/1.2.2") from None


def _decode(file: str, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise _unreadable(file, line, column, "is not UTF-8", "save it as UTF-8") from None
    found = _CONTROL.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - text.rfind("\n", 0, found.start())
        message = f"has the control character U+{ord(found[0]):04X}"
        raise _unreadable(file, line, column, message, "remove it")
    return text


def _unreadable(file: str, line: int, column: int, message: str, remedy: str) -> ConfigError:
    return ConfigError([Problem(file, line, column, "(file)", message, remedy=remedy)])


def _syntax_error(file: str, error: MarkedYAMLError) -> ConfigError:
    mark = error.problem_mark or error.context_mark
    cause = _CAUSES.get(error.problem, error.problem)
    line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
    return _unreadable(file, line, column, f"is not YAML: {cause}", "check indentation and quotes here and above")


@dataclass(slots=True)
class _Open:
    """A mapping or sequence that has begun. ``name``: the field that waits for its value; ``dropped``: none does."""

    data: dict[str, Any] | list[Any]
    place: Place
    anchor: str | None
    first: int
    height: int = 1
    name: str | None = None
    waiting: bool = False
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class _Anchored:
    data: Any
    place: Place
    nodes: int
    height: int


class _Builder:
    """Puts events together. Never recurses: what is open is on a stack."""

    def __init__(self, file: str, parser: CParser) -> None:
        self._file = file
        self._parser = parser
        self._problems: list[Problem] = []
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Anchored] = {}
        self._nodes = 0
        self._aliased = 0
        self._root: tuple[Any, Place] | None = None

    def build(self) -> Document:
        documents = 0
        for event in self._events():
            kind = type(event)
            if kind is ScalarEvent:
                self._scalar(event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._begin(event, {} if kind is MappingStartEvent else [])
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._end()
            elif kind is AliasEvent:
                self._alias(event)
            elif kind is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise self._fatal(event, "begins a second document", "keep one, without `---` between them")
        if self._root is None or self._root[0] is None:
            raise _unreadable(self._file, 1, 1, "is empty", "start from `bartizan init`")
        data, place = self._root
        return Document(self._file, data, place, tuple(self._problems))

    def _events(self) -> Iterator[Any]:
        while (event := self._parser.get_event()) is not None:
            yield event

    def _scalar(self, event: Any) -> None:
        mark = event.start_mark
        place = Place(mark.line + 1, mark.column + 1)
        self._count(event)
        parent = self._stack[-1] if self._stack else None
        try:
            value = resolve_scalar(event.value, event.tag, plain=event.implicit[0])
        except UnknownTag:
            self._problem(place, f"has the tag {event.tag[:80]!r}", "remove it: only plain values are understood")
            value = event.value
        if parent is not None and isinstance(parent.data, dict) and not parent.waiting:
            self._name(parent, value, event.value, place)
            return
        if isinstance(value, str) and _CONTROL_IN_VALUE.search(value) is not None:
            self._problem(place, "has a control character", "remove it")
            value = _CONTROL_IN_VALUE.sub("", value)
        self._add(value, place, 0)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(value, place, 1, 0)

    def _name(self, parent: _Open, value: Any, text: str, place: Place) -> None:
        """Take the name of a field; one that cannot be used is told, and its value dropped."""
        parent.waiting, parent.name, parent.dropped = True, text, False
        if not isinstance(value, str):
            remedy = "write the fields out" if text == "<<" else f"put it in quotes: '{text[:40]}'"
            self._problem(place, "is not text, as the name of a field has to be", remedy, inside=True)
            parent.dropped = True
        elif text == "<<":
            self._problem(place, "merges fields, which YAML 1.2 does not have", "write the fields out", inside=True)
            parent.dropped = True
        elif text in parent.place.names:
            line = parent.place.names[text][0]
            self._problem(place, f"is set twice, in line {line} too", "remove one of the two", inside=True)
            parent.dropped = True
        else:
            parent.place.names[text] = (place.line, place.column)

    def _begin(self, event: Any, data: dict[str, Any] | list[Any]) -> None:
        mark = event.start_mark
        place = Place(mark.line + 1, mark.column + 1)
        self._count(event)
        if self._stack and isinstance(self._stack[-1].data, dict) and not self._stack[-1].waiting:
            raise self._fatal(event, "has a list or fields as the name of a field", "give the field a plain name")
        if len(self._stack) >= MAX_DEPTH:
            raise self._fatal(event, f"is nested deeper than {MAX_DEPTH} levels", "flatten it")
        if event.tag not in (None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            self._problem(place, f"has the tag {event.tag[:80]!r}", "remove it: only plain values are understood")
        self._stack.append(_Open(data, place, event.anchor, self._nodes + self._aliased - 1))

    def _end(self) -> None:
        done = self._stack.pop()
        self._add(done.data, done.place, done.height)
        if done.anchor is not None:
            nodes = self._nodes + self._aliased - done.first
            self._anchors[done.anchor] = _Anchored(done.data, done.place, nodes, done.height)

    def _alias(self, event: Any) -> None:
        if any(opened.anchor == event.anchor for opened in self._stack):
            raise self._fatal(event, f"refers to *{event.anchor[:80]}, which it is itself part of", "write it out")
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            raise self._fatal(event, f"refers to *{event.anchor[:80]}, which has no anchor above", "add the anchor")
        parent = self._stack[-1] if self._stack else None
        if parent is not None and isinstance(parent.data, dict) and not parent.waiting:
            raise self._fatal(event, "has an alias as the name of a field", "write the name out")
        self._aliased += anchored.nodes
        if self._aliased > MAX_ALIASED:
            raise self._fatal(event, f"has aliases that expand to more than {MAX_ALIASED} values", "write less of them")
        if len(self._stack) + anchored.height > MAX_DEPTH:
            raise self._fatal(event, f"is nested deeper than {MAX_DEPTH} levels", "flatten it")
        self._add(anchored.data, anchored.place, anchored.height)

    def _add(self, value: Any, place: Place, height: int) -> None:
        """Hand a finished value to what it is part of."""
        if not self._stack:
            self._root = (value, place)
            return
        parent = self._stack[-1]
        parent.height = max(parent.height, height + 1)
        if isinstance(parent.data, list):
            parent.data.append(value)
            parent.place.items.append(place)
            return
        parent.waiting = False
        if not parent.dropped and parent.name is not None:
            parent.data[parent.name] = value
            parent.place.fields[parent.name] = place

    def _count(self, event: Any) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._fatal(event, f"has more than {MAX_NODES} values", "move lists to files of their own")

    def _path(self, *, inside: bool = False) -> FieldPath:
        """Return the path of the value that comes next, or of a name ``inside`` the innermost mapping."""
        path: list[str | int] = []
        for opened in self._stack:
            if isinstance(opened.data, list):
                path.append(len(opened.data))
            elif opened.name is not None and (opened.waiting or inside):
                path.append(opened.name)
        return tuple(path)

    def _problem(self, place: Place, message: str, remedy: str, *, inside: bool = False) -> None:
        field_path = format_path(self._path(inside=inside))
        self._problems.append(Problem(self._file, place.line, place.column, field_path, message, remedy=remedy))

    def _fatal(self, event: Any, message: str, remedy: str) -> ConfigError:
        mark = event.start_mark
        problem = Problem(self._file, mark.line + 1, mark.column + 1, format_path(self._path()), message, remedy=remedy)
        return ConfigError([*self._problems, problem])

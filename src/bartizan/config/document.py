"""YAML into plain data, with the place of every value (YAML 1.2: ``off`` stays text)."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bartizan.errors import ConfigError, Problem

__all__ = ["Document", "FieldPath", "format_path", "read_document"]

FieldPath = tuple[str | int, ...]

MAX_BYTES = 16 * 2**20
MAX_NODES = 2_000_000
MAX_DEPTH = 40
_TAG = "tag:yaml.org,2002:"


@dataclass(slots=True)
class Document:
    """Plain data and the line and column (from 1) of every value; of a missing one, its nearest parent's."""

    file: str
    data: Any
    places: dict[FieldPath, tuple[int, int]] = field(default_factory=dict)

    def place(self, path: FieldPath) -> tuple[int, int]:
        """Return the line and column of a value."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))

    def problem(self, path: FieldPath, message: str, *, value: str = "", remedy: str = "") -> Problem:
        """Return a problem with the value at ``path``."""
        line, column = self.place(path)
        return Problem(self.file, line, column, format_path(path), message, value, remedy)


def format_path(path: FieldPath) -> str:
    """Return ``routes[2].paths[0]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "(file)"


def read_document(file: str, content: bytes) -> Document:
    """Read one YAML document; raises ``ConfigError`` with every place that cannot be read."""
    if len(content) > MAX_BYTES:
        raise ConfigError([Problem(file, 1, 1, "(file)", f"is larger than {MAX_BYTES} bytes", remedy="split it")])
    try:
        text = content.decode("utf-8-sig")
        root = YAML(typ="rt", pure=True).compose(io.StringIO(text))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigError([Problem(file, line, 1, "(file)", "is not UTF-8", remedy="save it as UTF-8")]) from None
    except (YAMLError, RecursionError, ValueError) as error:
        raise ConfigError([_syntax(file, error)]) from None
    if root is None:
        raise ConfigError([Problem(file, 1, 1, "(file)", "is empty", remedy="start from `bartizan init`")])
    reader = _Reader(file)
    data = reader.read(root, ())
    if reader.problems:
        raise ConfigError(reader.problems)
    return Document(file, data, reader.places)


def _syntax(file: str, error: Exception) -> Problem:
    mark = getattr(error, "problem_mark", None) if isinstance(error, MarkedYAMLError) else None
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
    return Problem(
        file, line, column, "(file)", f"is not valid YAML: {what}", remedy="check indentation and quotes here"
    )


class _Reader:
    """Turns nodes into data, counting them as often as aliases repeat them."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self.places: dict[FieldPath, tuple[int, int]] = {}
        self._file = file
        self._nodes = 0

    def read(self, node: Node, path: FieldPath) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES or len(path) > MAX_DEPTH:
            if not self.problems or self.problems[-1].message != "is too large or too deep":
                self._problem(node, path, "is too large or too deep", "check its anchors and aliases")
            return None
        self.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.read(child, (*path, number)) for number, child in enumerate(node.value)]
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        raise TypeError(f"YAML has no {type(node).__name__}")

    def _mapping(self, node: MappingNode, path: FieldPath) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode) or str(key.tag) == _TAG + "merge":
                self._problem(key, path, "a field's name must be plain text", "write the field out")
                continue
            name = key.value
            if name in data:
                self._problem(key, (*path, name), "is set twice", "remove one of the two")
                continue
            data[name] = self.read(value, (*path, name))
        return data

    def _scalar(self, node: ScalarNode, path: FieldPath) -> Any:
        kind = str(node.tag).removeprefix(_TAG)
        text: str = node.value
        if kind == "str":
            return text
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        try:
            if kind == "int":
                return int(text.replace("_", ""), 0) if text[:2].lower() in ("0x", "0o") else int(text.replace("_", ""))
            if kind == "float":
                return float(text.replace("_", ""))
        except ValueError:
            return text
        if kind == "timestamp":
            return text
        self._problem(node, path, f"has the tag {node.tag}, which is not understood here", "remove the tag")
        return None

    def _problem(self, node: Node, path: FieldPath, message: str, remedy: str) -> None:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        self.problems.append(Problem(self._file, line, column, format_path(path), message, remedy=remedy))

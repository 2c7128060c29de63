"""Reading typed fields from a YAML file, with the place of everything that is wrong.

Unlike in :mod:`bartizan.config.document`, scalars keep the text that was written (a header's value ``0010`` is no
number) and may hold any character: that is what such tests are about.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import yaml  # type: ignore[import-untyped]

from bartizan.errors import ConfigError, Problem

__all__ = ["Fields", "read_fields"]

MAX_BYTES = 64 * 2**20
_SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Fields:
    """The fields of one mapping. What is wrong goes to ``problems`` and reads as if it were not there."""

    def __init__(self, node: yaml.MappingNode, path: str, file: str, problems: list[Problem]) -> None:
        self.line: int = node.start_mark.line + 1
        self.problems = problems
        self._path = path
        self._file = file
        self._node = node
        self._values: dict[str, yaml.Node] = {}
        for name, value in node.value:
            if not isinstance(name, yaml.ScalarNode):
                self._problem(name, "", "is a list or a mapping as the name of a field", "give it a plain name")
            elif name.value in self._values:
                self._problem(name, name.value, "is set twice", "remove one of the two")
            else:
                self._values[name.value] = value

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def only(self, known: Collection[str]) -> None:
        """Tell of every field that is not in ``known``."""
        for name, value in self._values.items():
            if name not in known:
                self._problem(value, name, "is no field that is known here", f"known are {', '.join(sorted(known))}")

    def wrong(self, name: str, message: str, remedy: str = "") -> None:
        """Tell that something is wrong with a field, or with all of this when there is none of that name."""
        self._problem(self._values.get(name, self._node), name, message, remedy)

    def text(self, name: str, default: str = "") -> str:
        """Return a scalar as it is written; nothing (``~``) is empty."""
        node = self._values.get(name)
        return default if node is None else self._text(node, name)

    def flag(self, name: str) -> bool | None:
        """Return a boolean, or None when the field is not there."""
        node = self._values.get(name)
        if node is None or self._is_null(node):
            return None
        value = node.value if isinstance(node, yaml.ScalarNode) else ""
        if value.lower() not in {"true", "false"}:
            self._problem(node, name, "is neither true nor false", "write `true` or `false`")
            return None
        return bool(value.lower() == "true")

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return a whole number or a list of them."""
        node = self._values.get(name)
        if node is None or self._is_null(node):
            return ()
        found = []
        for item in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if isinstance(item, yaml.ScalarNode) and item.value.isascii() and item.value.isdigit():
                found.append(int(item.value))
            else:
                self._problem(item, name, "is no whole number, nor a list of them", "")
        return tuple(found)

    def texts(self, name: str) -> list[str] | None:
        """Return a list of scalars; None when the field is not a list."""
        node = self._values.get(name)
        if not isinstance(node, yaml.SequenceNode):
            return None
        return [self._text(item, f"{name}[{number}]") for number, item in enumerate(node.value)]

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return the names and values of a mapping of texts, in the order they are written."""
        inner = self.mapping(name)
        if inner is None:
            return ()
        return tuple((field, inner.text(field)) for field in inner._values)  # noqa: SLF001 - its own kind

    def mapping(self, name: str) -> Fields | None:
        """Return the fields of a mapping, or None when the field is not there or empty."""
        node = self._values.get(name)
        if node is None or self._is_null(node):
            return None
        return self._inner(node, name)

    def mappings(self, name: str) -> list[Fields]:
        """Return the items of a list of mappings."""
        node = self._values.get(name)
        if node is None or self._is_null(node):
            return []
        if not isinstance(node, yaml.SequenceNode):
            self._problem(node, name, "is no list", "")
            return []
        found = [self._inner(item, f"{name}[{number}]") for number, item in enumerate(node.value)]
        return [fields for fields in found if fields is not None]

    def _inner(self, node: yaml.Node, name: str) -> Fields | None:
        if isinstance(node, yaml.MappingNode):
            return Fields(node, self._join(name), self._file, self.problems)
        self._problem(node, name, "has no fields", "indent what belongs to it")
        return None

    def _text(self, node: yaml.Node, name: str) -> str:
        if isinstance(node, yaml.ScalarNode):
            return "" if self._is_null(node) else str(node.value)
        self._problem(node, name, "is no text", "")
        return ""

    @staticmethod
    def _is_null(node: yaml.Node) -> bool:
        return bool(node.tag == "tag:yaml.org,2002:null")

    def _join(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path and name else self._path or name

    def _problem(self, node: yaml.Node, name: str, message: str, remedy: str) -> None:
        mark = node.start_mark
        path = self._join(name) or "(file)"
        self.problems.append(Problem(self._file, mark.line + 1, mark.column + 1, path, message, remedy=remedy))


def read_fields(file: Path, problems: list[Problem]) -> Fields | None:
    """Return the fields of a YAML file; None for one that is empty but for comments.

    Raises ``ConfigError`` for what cannot be read: no file, too large, no YAML, no mapping.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise _unreadable(file, 0, f"cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise _unreadable(file, 0, f"is larger than {MAX_BYTES // 2**20} MiB")
    try:
        node = yaml.compose(content, Loader=_SAFE)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _unreadable(file, mark.line + 1 if mark else 0, f"is not YAML: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _unreadable(file, 0, f"is not YAML: {str(error).splitlines()[0]}") from None
    if node is None:
        return None
    if not isinstance(node, yaml.MappingNode):
        raise _unreadable(file, node.start_mark.line + 1, "has no fields at its top")
    return Fields(node, "", str(file), problems)


def _unreadable(file: Path, line: int, message: str) -> ConfigError:
    return ConfigError([Problem(str(file), line, 1 if line else 0, "(file)", message)])

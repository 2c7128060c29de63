"""References to secrets: ``${NAME}`` from the environment, ``${file:path}`` from a file, ``$${`` for a plain ``${``.

They are resolved in values that have been parsed already, so that what is in them can never become YAML. A reference
that cannot be resolved, or that resolves to nothing, is a problem: nothing starts with half a secret.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bartizan.config.document import Document, FieldPath
from bartizan.errors import Problem, SecretError

__all__ = ["Resolved", "resolve_references"]

MAX_FILE_BYTES = 64 * 1024
_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]{0,4096})(\}?)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_REMEDY = "set it, or write `$${` for a plain `${`"


@dataclass(slots=True)
class Resolved:
    """A document's data with its references resolved.

    ``references`` has the text that stood at each place that held one; ``failed`` those places of them whose value is
    not known; ``values`` what references resolved to, never to be shown; ``files`` all files that were referred to,
    readable or not.
    """

    data: Any = field(repr=False)
    references: dict[FieldPath, str] = field(default_factory=dict)
    failed: set[FieldPath] = field(default_factory=set)
    values: set[str] = field(default_factory=set, repr=False)
    files: set[Path] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def resolve_references(document: Document, environ: Mapping[str, str], directory: Path) -> Resolved:
    """Resolve every reference of a document; relative file names count from ``directory``."""
    resolved = Resolved(document.data)
    resolved.data = _Resolver(document, environ, directory, resolved).walk(document.data, ())
    return resolved


class _Resolver:
    def __init__(self, document: Document, environ: Mapping[str, str], directory: Path, resolved: Resolved) -> None:
        self._document = document
        self._environ = environ
        self._directory = directory
        self._resolved = resolved

    def walk(self, value: Any, path: FieldPath) -> Any:
        if isinstance(value, str):
            return self._text(value, path) if "${" in value else value
        if isinstance(value, dict):
            return {key: self.walk(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.walk(item, (*path, number)) for number, item in enumerate(value)]
        return value

    def _text(self, text: str, path: FieldPath) -> str:
        self._resolved.references[path] = text

        def replace(match: re.Match[str]) -> str:
            if match[1] is None:
                return "${"
            try:
                if not match[2]:
                    raise SecretError("has a reference that no `}` ends")
                value = self._value(match[1])
            except SecretError as error:
                self._resolved.failed.add(path)
                problem = self._document.problem(path, str(error), value=repr(text[:80]), remedy=_REMEDY)
                self._resolved.problems.append(problem)
                return ""
            self._resolved.values.add(value)
            return value

        return _REFERENCE.sub(replace, text)

    def _value(self, reference: str) -> str:
        if reference.startswith("file:"):
            name = reference.removeprefix("file:")
            value, what = self._file(name), f"the file {name!r}"
        elif _NAME.fullmatch(reference):
            if reference not in self._environ:
                raise SecretError(f"refers to the environment variable {reference}, which is not set")
            value, what = self._environ[reference], f"the environment variable {reference}"
        else:
            raise SecretError("has a reference that is neither a variable's name nor `file:` and a path")
        if not value:
            raise SecretError(f"refers to {what}, which is empty")
        if _CONTROL.search(value) is not None or not _is_text(value):
            raise SecretError(f"refers to {what}, which holds bytes that are not text")
        return value

    def _file(self, name: str) -> str:
        path = self._directory / name
        self._resolved.files.add(path)
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise SecretError(f"refers to the file {name!r}, which is not a regular file")
            with path.open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
            if len(content) > MAX_FILE_BYTES:
                raise SecretError(f"refers to the file {name!r}, which is larger than {MAX_FILE_BYTES} bytes")
            return content.decode("utf-8").removesuffix("\n")
        except OSError as error:
            raise SecretError(f"refers to the file {name!r}, which cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise SecretError(f"refers to the file {name!r}, which is not UTF-8") from None


def _is_text(value: str) -> bool:
    """Tell whether a value is Unicode; the environment may hold other bytes (PEP 383)."""
    return not any("\ud800" <= character <= "\udfff" for character in value)

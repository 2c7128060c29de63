"""References to secrets: ``${NAME}`` from the environment, ``${file:path}`` from a file, ``$${`` for a plain ``${``.

They are resolved in values that have been parsed already, so that what is in them can never become YAML. A reference
that cannot be resolved is a problem: nothing starts with half a secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bartizan.config.document import Document, FieldPath
from bartizan.errors import Problem, SecretError

__all__ = ["Resolved", "resolve_references"]

MAX_FILE_BYTES = 64 * 1024
_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]{0,4096})\}?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")


class Resolved:
    """A document's data with every reference resolved; ``references`` keeps the text that stood there, by place."""

    def __init__(self, document: Document, environ: Mapping[str, str], directory: Path) -> None:
        self.references: dict[FieldPath, str] = {}
        self.files: set[Path] = set()
        self.problems: list[Problem] = []
        self._document = document
        self._environ = environ
        self._directory = directory
        self.data = self._walk(document.data, ())

    def _walk(self, value: Any, path: FieldPath) -> Any:
        if isinstance(value, dict):
            return {key: self._walk(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self._walk(item, (*path, number)) for number, item in enumerate(value)]
        if isinstance(value, str) and "${" in value:
            return self._text(value, path)
        return value

    def _text(self, text: str, path: FieldPath) -> str:
        self.references[path] = text

        def replace(match: re.Match[str]) -> str:
            if match[1] is None:
                return "${"
            try:
                if not match[0].endswith("}"):
                    raise SecretError("a reference is not closed with `}`")
                return self._value(match[1])
            except SecretError as error:
                remedy = "set it, or write `$${` for a plain `${`"
                self.problems.append(self._document.problem(path, str(error), value=text, remedy=remedy))
                return ""

        return _REFERENCE.sub(replace, text)

    def _value(self, reference: str) -> str:
        if reference.startswith("file:"):
            return self._file(reference.removeprefix("file:"))
        if not _NAME.fullmatch(reference):
            raise SecretError(f"`{reference}` is neither the name of an environment variable nor `file:` and a path")
        try:
            return self._environ[reference]
        except KeyError:
            raise SecretError(f"the environment variable {reference} is not set") from None

    def _file(self, name: str) -> str:
        path = self._directory / name
        self.files.add(path)
        try:
            with path.open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
            if len(content) > MAX_FILE_BYTES:
                raise SecretError(f"the secret file {name} is larger than {MAX_FILE_BYTES} bytes")
            return content.decode("utf-8").removesuffix("\n")
        except OSError as error:
            raise SecretError(f"the secret file {name} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise SecretError(f"the secret file {name} is not UTF-8") from None


def resolve_references(document: Document, environ: Mapping[str, str], directory: Path) -> Resolved:
    """Resolve every reference; what could not be is in ``problems``. Relative files count from ``directory``."""
    return Resolved(document, environ, directory)

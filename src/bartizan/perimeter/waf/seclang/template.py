"""Texts with macros: ``%{TX.0}``, ``%{MATCHED_VAR}``, ``%{REQUEST_HEADERS.host}``."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Macro", "Template", "parse_template"]

_MACRO = re.compile(rb"%\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Macro:
    """A reference to a variable (upper case), of a collection to one ``key`` (lower case)."""

    variable: str
    key: bytes | None = None

    def __str__(self) -> str:
        return f"%{{{self.variable}}}" if self.key is None else f"%{{{self.variable}.{self.key.decode('latin-1')}}}"


@dataclass(frozen=True, slots=True)
class Template:
    """Literal texts and macros in order."""

    parts: tuple[bytes | Macro, ...]

    @property
    def literal(self) -> bytes | None:
        """The text, if there is no macro in it."""
        if not self.parts:
            return b""
        first = self.parts[0]
        return first if len(self.parts) == 1 and isinstance(first, bytes) else None

    @property
    def macros(self) -> tuple[Macro, ...]:
        """The macros in it."""
        return tuple(part for part in self.parts if isinstance(part, Macro))

    def __str__(self) -> str:
        return "".join(part.decode("latin-1") if isinstance(part, bytes) else str(part) for part in self.parts)


def parse_template(text: bytes) -> Template:
    """Read a text with macros; what looks like one but is empty stays text."""
    parts: list[bytes | Macro] = []
    at = 0
    for found in _MACRO.finditer(text):
        if not (name := found[1].strip()):
            continue
        if found.start() > at:
            parts.append(text[at : found.start()])
        parts.append(_macro(name))
        at = found.end()
    if at < len(text):
        parts.append(text[at:])
    return Template(tuple(parts))


def _macro(name: bytes) -> Macro:
    variable, dot, key = name.partition(b".")
    if not dot:
        variable, dot, key = name.partition(b":")
    return Macro(variable.decode("latin-1").upper(), key.lower() if dot else None)

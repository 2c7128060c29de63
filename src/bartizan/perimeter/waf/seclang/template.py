"""Texts with macros: ``%{TX.0}``, ``%{MATCHED_VAR}``, ``%{REQUEST_HEADERS.host}``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bartizan.perimeter.waf.seclang.names import is_variable

__all__ = ["Macro", "Template", "TemplateError", "parse_pattern", "parse_template"]

_MACRO = re.compile(rb"%\{([^{}]*)\}")
_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")


class TemplateError(ValueError):
    """A macro names something that is no variable."""


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
    """Read a text with macros; what looks like one but names nothing stays text. Raises ``TemplateError``."""
    return _parse(text, strict=True)


def parse_pattern(text: bytes) -> Template:
    """Read a pattern with macros: in one, braces after ``%`` that name no variable are part of the pattern."""
    return _parse(text, strict=False)


def _parse(text: bytes, *, strict: bool) -> Template:
    parts: list[bytes | Macro] = []
    at = 0
    for found in _MACRO.finditer(text):
        macro = _macro(found[1].strip())
        if macro is None:
            continue
        if not is_variable(macro.variable):
            if strict:
                raise TemplateError(
                    f"{found[0].decode('latin-1')} names no variable: see the list in docs/waf-rules.md"
                )
            continue
        if found.start() > at:
            parts.append(text[at : found.start()])
        parts.append(macro)
        at = found.end()
    if at < len(text):
        parts.append(text[at:])
    return Template(tuple(parts))


def _macro(inside: bytes) -> Macro | None:
    named = _NAME.match(inside)
    if named is None:
        return None
    variable, rest = named[0].decode("ascii").upper(), inside[named.end() :]
    if not rest:
        return Macro(variable)
    if rest[:1] not in (b".", b":") or len(rest) == 1:
        return None
    return Macro(variable, rest[1:].lower())

"""One rule's match as ModSecurity writes it to a server's error log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

__all__ = ["Matched", "log_line"]

SEVERITIES = ("EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG")


class Matched(Protocol):
    """What a line tells of a match; the engine's ``RuleMatch`` has it."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def msg(self) -> str: ...  # noqa: D102
    @property
    def data(self) -> str: ...  # noqa: D102
    @property
    def var(self) -> str: ...  # noqa: D102
    @property
    def severity(self) -> int | None: ...  # noqa: D102
    @property
    def tags(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def file(self) -> str: ...  # noqa: D102
    @property
    def line(self) -> int: ...  # noqa: D102


def log_line(match: Matched) -> str:
    r"""Return the line, without its end: ``ModSecurity: Warning. Match at ARGS:a. [file "..."] [line "1"] [id "1"]``.

    Then ``msg``, ``data``, ``severity`` (its name) and one ``tag`` each follow where there are any. Quotes, backslashes
    and what is not printable ASCII are escaped (``\"``, ``\\``, ``\x0a``), so that a value cannot forge a field.
    """
    parts = [f"ModSecurity: Warning. Match at {_escape(match.var)}."]
    parts += [f'[file "{_escape(match.file)}"] [line "{match.line}"] [id "{match.id}"]']
    if match.msg:
        parts.append(f'[msg "{_escape(match.msg)}"]')
    if match.data:
        parts.append(f'[data "{_escape(match.data)}"]')
    if match.severity is not None and 0 <= match.severity < len(SEVERITIES):
        parts.append(f'[severity "{SEVERITIES[match.severity]}"]')
    parts += [f'[tag "{_escape(tag)}"]' for tag in match.tags]
    return " ".join(parts)


def _escape(text: str) -> str:
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return "".join(_escaped(byte) for byte in text.encode("utf-8", "surrogateescape"))


def _escaped(byte: int) -> str:
    if byte in b'"\\':
        return f"\\{byte:c}"
    return f"{byte:c}" if 32 <= byte < 127 else f"\\x{byte:02x}"

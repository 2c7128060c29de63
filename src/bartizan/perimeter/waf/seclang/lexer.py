"""From the text of a rule file to directives with their arguments, as ModSecurity v3 reads them.

A line that ends in a backslash goes on in the next. A line that begins with ``#`` where a directive could begin is a
comment, whatever it ends in. Arguments are parted by white space; one in double quotes may hold white
space, and ``\\"`` for a quote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Directive", "LexicalError", "directives"]

_SPACE = b" \t"
_BARE = re.compile(rb"[^ \t]+")
_BACKSLASH = ord("\\")


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive as written: ``name`` and its arguments without their quotes; ``line`` is where it begins."""

    name: str
    arguments: tuple[bytes, ...]
    line: int


class LexicalError(ValueError):
    """A line cannot be read; ``line`` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        super().__init__(message)


def directives(text: bytes) -> Iterator[Directive | LexicalError]:
    """Yield the directives of a file; a line that cannot be read is yielded as an error, and the rest is read on."""
    for line, logical in _logical_lines(text):
        try:
            words = _words(logical, line)
        except LexicalError as error:
            yield error
            continue
        yield Directive(words[0].decode("latin-1"), tuple(words[1:]), line)


def _logical_lines(text: bytes) -> Iterator[tuple[int, bytes]]:
    pending: list[bytes] = []
    begun = 0
    for number, physical in enumerate(text.split(b"\n"), 1):
        line = physical.rstrip(b"\r")
        if not pending:
            begun = number
            if line.lstrip(_SPACE).startswith(b"#"):
                continue
        if line.endswith(b"\\"):
            pending.append(line[:-1].lstrip(_SPACE) if pending else line[:-1])
            continue
        pending.append(line.lstrip(_SPACE) if pending else line)
        logical = b"".join(pending).strip(_SPACE)
        pending.clear()
        if logical:
            yield begun, logical
    logical = b"".join(pending).strip(_SPACE)
    if logical:
        yield begun, logical


def _words(text: bytes, line: int) -> list[bytes]:
    words: list[bytes] = []
    at, end = 0, len(text)
    while at < end:
        if text[at] in _SPACE:
            at += 1
        elif text[at] == ord('"'):
            word, at = _quoted(text, at + 1, line)
            words.append(word)
        else:
            found = _BARE.match(text, at)
            if found is None:  # pragma: no cover - what is no space is a word
                break
            words.append(found[0])
            at = found.end()
    return words


def _quoted(text: bytes, at: int, line: int) -> tuple[bytes, int]:
    """Return the text in quotes and where it ends; backslashes stay, since patterns give them their own meaning."""
    begun = at
    while True:
        at = text.find(b'"', at)
        if at < 0:
            raise LexicalError(line, "a double quote is opened and never closed")
        if text[at - 1] != _BACKSLASH or at == begun:
            return text[begun:at], at + 1
        at += 1

"""From the text of a rule file to directives with their arguments, as ModSecurity reads them.

A line that ends in a backslash goes on in the next. A line that begins with ``#`` where a directive could begin is a
comment, whatever it ends in; so is what begins with ``#`` after a directive's arguments. Arguments are parted by white
space; one in double or single quotes may hold white space. A quote after an odd number of backslashes does not end it,
nor does, in a list of actions, a double quote within ``'…'``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Directive", "LexicalError", "directives"]

_SPACE = b" \t"
_BARE = re.compile(rb"[^ \t]+")
_BACKSLASH = ord("\\")
_QUOTES = b"\"'"
_COMMENT = ord("#")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_ACTIONS: Mapping[str, int] = {"secaction": 1, "secdefaultaction": 1, "secrule": 3, "secruleupdateactionbyid": 2}
"""Which argument of which directive is a list of actions."""


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive as written: ``name`` and its arguments without their quotes; ``line`` is where it begins."""

    name: str
    arguments: tuple[bytes, ...]
    line: int


class LexicalError(ValueError):
    """A line cannot be read; ``line`` counts from 1, ``directive`` is the first word there."""

    def __init__(self, line: int, directive: str, message: str) -> None:
        self.line = line
        self.directive = directive
        super().__init__(message)


def directives(text: bytes) -> Iterator[Directive | LexicalError]:
    """Yield the directives of a file; a line that cannot be read is yielded as an error, and the rest is read on."""
    for line, logical in _logical_lines(text.removeprefix(_BYTE_ORDER_MARK)):
        name = logical.split(None, 1)[0].decode("latin-1")
        try:
            words = _words(logical)
        except ValueError as error:
            yield LexicalError(line, name, str(error))
        else:
            yield Directive(words[0].decode("latin-1"), tuple(words[1:]), line)


def _logical_lines(text: bytes) -> Iterator[tuple[int, bytes]]:
    pending: list[bytes] = []
    begun = 0
    for number, physical in enumerate(text.split(b"\n"), 1):
        line = physical.removesuffix(b"\r")
        if not pending:
            begun = number
            if line.lstrip(_SPACE).startswith(b"#"):
                continue
        if line.endswith(b"\\"):
            pending.append(line[:-1])
            continue
        pending.append(line)
        logical = b"".join(pending).strip(_SPACE)
        pending.clear()
        if logical.strip():
            yield begun, logical
    logical = b"".join(pending).strip(_SPACE)
    if logical.strip():
        yield begun, logical


def _words(text: bytes) -> list[bytes]:
    """Split a logical line. Raises ``ValueError``."""
    words: list[bytes] = []
    actions = -1
    at, end = 0, len(text)
    while at < end:
        if text[at] in _SPACE:
            at += 1
            continue
        if text[at] == _COMMENT and len(words) > 1:
            break
        if text[at] in _QUOTES:
            word, at = _quoted(text, at, is_actions=len(words) == actions)
        else:
            found = _BARE.match(text, at)
            word = b"" if found is None else found[0]
            at += len(word)
            if word == b"\\":
                raise ValueError("a backslash has to be the last character of its line: remove what follows it")
        if not words:
            actions = _ACTIONS.get(word.decode("latin-1").lower(), -1)
        words.append(word)
    return words


def _quoted(text: bytes, at: int, *, is_actions: bool) -> tuple[bytes, int]:
    """Return the text in quotes and where it ends; backslashes stay, since patterns give them their own meaning."""
    quote = text[at : at + 1]
    begun = at + 1
    end = _end_of_actions(text, begun) if is_actions and quote == b'"' else _unescaped(text, quote, begun)
    if end < 0:
        kind = "single" if quote == b"'" else "double"
        raise ValueError(f"a {kind} quote is opened and never closed")
    after = text[end + 1 : end + 2]
    if after not in (b"", b" ", b"\t", b'"', b"#"):
        raise ValueError(f"a quote is closed and {_shown(after)} follows: write \\{quote.decode()} for a quote inside")
    word = text[begun:end]
    return word if quote == b'"' else word.replace(b"\\'", b"'"), end + 1


def _unescaped(text: bytes, quote: bytes, at: int) -> int:
    """Return where the next quote is that has an even number of backslashes before it, or -1."""
    begun = at
    while (at := text.find(quote, at)) >= 0:
        before = at
        while before > begun and text[before - 1] == _BACKSLASH:
            before -= 1
        if (at - before) % 2 == 0:
            return at
        at += 1
    return -1


def _end_of_actions(text: bytes, at: int) -> int:
    """Return the double quote that ends a list of actions: none of those within a value in single quotes."""
    while True:
        end = _unescaped(text, b'"', at)
        value = text.find(b":'", at)
        if end < 0 or value < 0 or end < value:
            return end
        closing = _unescaped(text, b"'", value + 2)
        if closing < 0 or _unescaped(text, b'"', closing + 1) < 0:
            return end
        at = closing + 1


def _shown(character: bytes) -> str:
    return repr(character.decode("latin-1"))

"""What follows ``(``: the kind of group and the options within it."""

from __future__ import annotations

import re
from dataclasses import replace
from enum import Enum, auto

from bartizan.perimeter.waf.operators.pcre.cursor import Cursor, Options
from bartizan.perimeter.waf.operators.pcre.errors import PatternError

__all__ = ["Opening", "read_opening"]


class Opening(Enum):
    """The kind of a group."""

    CAPTURE = auto()
    PLAIN = auto()
    ATOMIC = auto()
    LOOK = auto()
    """A look-around."""
    RESET = auto()
    """``(?|...)``, whose branches number their groups alike."""
    CONDITION = auto()
    """``(?(...)yes|no)``."""
    CALL = auto()
    """No group, but a back-reference or a call of another group, that is read to its end."""
    OPTIONS = auto()
    """No group, but options for the rest of the one around."""


_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_]{0,127}")
_LOOKS = (b"=", b"!", b"<=", b"<!", b"<*", b"*")
_CALL = re.compile(rb"(?:P[=>]\w+|&\w+|R|[+-]?\d+)\)")
_CONDITION = re.compile(rb"\((?!\?)[^()]*\)")
_SETTINGS = {"i": "caseless", "m": "multi_line", "s": "dot_all", "n": "no_capture", "U": "ungreedy"}


def read_opening(cursor: Cursor) -> tuple[Opening, Options]:
    """Read the kind of a group, after its ``(``.

    Returns:
        The kind, and the options that hold within the group or, for ``OPTIONS``, from here on.

    Raises:
        PatternError: It is not valid.
    """
    start = cursor.at - 1
    options = cursor.options
    if cursor.next_is(b"*"):
        raise PatternError("a verb such as (*COMMIT), or a look-around by name, cannot be used", start)
    if not cursor.skip(b"?"):
        return Opening.PLAIN if options.no_capture else Opening.CAPTURE, options
    opening = _beyond(cursor, start)
    if opening is not None:
        return opening, options
    if cursor.skip(b":"):
        return Opening.PLAIN, options
    if cursor.skip(b">"):
        return Opening.ATOMIC, options
    if cursor.skip(b"P<") or cursor.skip(b"<"):
        return _named(cursor, b">", start)
    if cursor.skip(b"'"):
        return _named(cursor, b"'", start)
    return _settings(cursor, start)


def _beyond(cursor: Cursor, start: int) -> Opening | None:
    """Read the opening of what RE2 does not know, if it is one."""
    if any(map(cursor.skip, _LOOKS)):
        return Opening.LOOK
    if cursor.skip(b"|"):
        return Opening.RESET
    if found := _CALL.match(cursor.pattern, cursor.at):
        cursor.at = found.end()
        return Opening.CALL
    if cursor.next_is(b"C"):
        raise PatternError("a callout (?C...) cannot be used", start)
    if not cursor.next_is(b"("):
        return None
    if found := _CONDITION.match(cursor.pattern, cursor.at):
        cursor.at = found.end()
    return Opening.CONDITION


def _named(cursor: Cursor, end: bytes, start: int) -> tuple[Opening, Options]:
    found = _NAME.match(cursor.pattern, cursor.at)
    if found is None:
        raise PatternError("a group without a name", start)
    cursor.at = found.end()
    if not cursor.skip(end):
        raise PatternError("the name of a group that does not end", start)
    if found[0] in cursor.names:
        raise PatternError("a second group of the same name", start)
    cursor.names.add(found[0])
    return Opening.CAPTURE, cursor.options


def _settings(cursor: Cursor, start: int) -> tuple[Opening, Options]:
    """Read ``i``, ``-s``, ``^x`` and the like, up to ``)`` or ``:``."""
    options = cursor.options
    value = True
    if caret := cursor.skip(b"^"):
        options = replace(
            options,
            caseless=False,
            multi_line=False,
            dot_all=False,
            no_capture=False,
            extended=False,
            extended_more=False,
        )
    while True:
        if cursor.at_end():
            raise PatternError("an unclosed group", start)
        letter = chr(cursor.take())
        if letter == ")":
            return Opening.OPTIONS, options
        if letter == ":":
            return Opening.PLAIN, options
        if letter == "-":
            if not value or caret:
                raise PatternError("a second - among the options of a group", start)
            value = False
        else:
            options = _setting(cursor, options, letter, value=value)


def _setting(cursor: Cursor, options: Options, letter: str, *, value: bool) -> Options:
    if letter in _SETTINGS:
        return replace(options, **{_SETTINGS[letter]: value})
    if letter == "x":
        return replace(options, extended=value, extended_more=cursor.skip(b"x") and value)
    if letter == "a":  # restricts \d and the like to ASCII, which they are anyhow
        cursor.run(b"DSWPT", 1)
        return options
    if letter in "Jr":  # names may be used twice; letters have no other case outside ASCII
        return options
    raise PatternError(f"unknown option or group (?{letter}", cursor.at - 1)

"""Transformations of what scripts, style sheets and C escape: ``jsDecode``, ``cssDecode``, ``escapeSeqDecode``."""

from __future__ import annotations

import re

__all__ = ["css_decode", "escape_seq_decode", "js_decode"]

_BACKSLASH = ord("\\")
_CONTROLS = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_JS = re.compile(
    rb"\\(?:([^ux0-7])|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([0-3][0-7]{0,2}|[4-7][0-7]?)|([ux]))", re.DOTALL
)
_CSS = re.compile(rb"\\(?:([0-9A-Fa-f]{1,6})[ \t-\r]?|\n|(.)|\Z)", re.DOTALL)
_C = re.compile(rb"\\(?:[xX]([0-9A-Fa-f]{2})|([0-7]{1,3})|(.))", re.DOTALL)


def js_decode(text: bytes) -> bytes:
    r"""Return the text with the escapes of JavaScript decoded: ``\uHHHH``, ``\xHH``, ``\OOO`` and ``\c``.

    Of ``\uHHHH`` the lower eight bits count, except that full-width forms become their ASCII characters.
    """
    return _JS.sub(_js, text) if _BACKSLASH in text else text


def _js(match: re.Match[bytes]) -> bytes:
    kind = match.lastindex
    if kind == 1:
        character = match[1]
        return _CONTROLS.get(character, character)
    if kind == 2:
        return b"%c" % _ascii(int(match[2], 16))
    if kind == 3:
        return b"%c" % int(match[3], 16)
    return b"%c" % int(match[4], 8) if kind == 4 else match[5]


def css_decode(text: bytes) -> bytes:
    r"""Return the text with the escapes of CSS 2 (4.1.3) decoded: ``\`` and one to six hexadecimal digits, or ``\c``.

    Of the digits the last two count, except that full-width forms become their ASCII characters. One white-space
    character behind the digits belongs to them. A backslash before a line feed, or at the end, goes.
    """
    return _CSS.sub(_css, text) if _BACKSLASH in text else text


def _css(match: re.Match[bytes]) -> bytes:
    digits = match[1]
    return match[2] or b"" if digits is None else b"%c" % _ascii(int(digits, 16))


def escape_seq_decode(text: bytes) -> bytes:
    r"""Return the text with the escapes of ANSI C decoded: ``\n`` and the like, ``\xHH``, ``\OOO``.

    The backslash of any other escape goes; one at the end stays.
    """
    return _C.sub(_c, text) if _BACKSLASH in text else text


def _c(match: re.Match[bytes]) -> bytes:
    kind = match.lastindex
    if kind == 3:
        character = match[3]
        return _CONTROLS.get(character, character)
    return b"%c" % (int(match[1], 16) if kind == 1 else int(match[2], 8) & 0xFF)


def _ascii(code: int) -> int:
    """Return one byte for a code point: the ASCII character of a full-width form, otherwise the lower eight bits."""
    return code + 0x20 & 0xFF if 0xFF00 < code < 0xFF5F else code & 0xFF

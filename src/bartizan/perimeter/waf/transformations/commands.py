"""The transformation of command lines: ``cmdLine``."""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase

from bartizan.perimeter.waf.transformations.whitespace import single_spaced

__all__ = ["cmd_line"]

_SPACE = ord(" ")
_IGNORED = b"\"'\\^"
_PLAIN = bytes.maketrans(b",;\t\r\n" + ascii_uppercase.encode(), b" " * 5 + ascii_lowercase.encode())


def cmd_line(text: bytes) -> bytes:
    r"""Return a command line as a shell would come to read it.

    ``\``, ``^`` and quotes go, a run of spaces, commas, semicolons and line ends becomes one space, or nothing before
    ``/`` and ``(``, and letters become small.
    """
    text = text.translate(_PLAIN, _IGNORED)
    if _SPACE not in text:
        return text
    return single_spaced(text).replace(b" /", b"/").replace(b" (", b"(")

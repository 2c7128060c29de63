"""What ``@pm`` and ``@pmFromFile`` look for."""

from __future__ import annotations

import re

from bartizan.perimeter.waf.operators.datafile import read_lines
from bartizan.perimeter.waf.operators.interface import Context

__all__ = ["phrases", "phrases_from_file"]

_WHITE_SPACE = re.compile(rb"[ \t\n\v\f\r]+")
_ESCAPED = b':;\\"'
_HEX = b"0123456789abcdefABCDEF"
_COMMENT = re.compile(rb"[ \t\n\v\f\r]*#")


def phrases(argument: bytes) -> list[bytes]:
    r"""Return the phrases of ``@pm``, which white space separates, in order and each once.

    ``|4142|`` stands for the bytes with these hexadecimal numbers, ``\:``, ``\;``, ``\\`` and ``\"`` for the character.
    If anything in the argument is written otherwise, all of it is taken as it stands.
    """
    decoded = _decoded(argument)
    return _unique(_WHITE_SPACE.split(argument if decoded is None else decoded))


def phrases_from_file(argument: bytes, context: Context) -> list[bytes]:
    """Return the phrases of ``@pmFromFile``: the lines of a file that are neither empty nor a comment, as they stand.

    Raises:
        OperatorError: The file cannot be read.
    """
    return _unique([line for line in read_lines(argument, context) if not _COMMENT.match(line)])


def _unique(found: list[bytes]) -> list[bytes]:
    """Keep the first of phrases that differ in case only."""
    first: dict[bytes, bytes] = {}
    for phrase in found:
        if phrase:
            first.setdefault(phrase.lower(), phrase)
    return list(first.values())


def _decoded(argument: bytes) -> bytes | None:
    """Decode an argument; None if it has an escape that is not known."""
    text = argument.lstrip(b" \t")
    if len(text) > 1 and text.startswith(b'"') and text.endswith(b'"'):
        text = text[1:-1]
    if b"|" not in text and b"\\" not in text:
        return text
    parts = text.split(b"|")
    half = b""
    for at, part in enumerate(parts):
        if at % 2:
            digits = half + part
            if digits.translate(None, _HEX):
                return None
            # A digit without a second one waits for the next bars, as in the reference.
            half = digits[len(digits) & ~1 :]
            parts[at] = bytes.fromhex(digits[: len(digits) & ~1].decode("ascii"))
            continue
        decoded = _unescape(part)
        if decoded is None:
            return None
        parts[at] = decoded
    return b"".join(parts)


def _unescape(part: bytes) -> bytes | None:
    if b"\\" not in part:
        return part
    pieces = re.split(rb"\\(.?)", part, flags=re.DOTALL)
    if any(not piece or piece not in _ESCAPED for piece in pieces[1::2]):
        return None
    return b"".join(pieces)

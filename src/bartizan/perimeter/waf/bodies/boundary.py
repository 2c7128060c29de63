"""The boundary of a multipart body, from its Content-Type (RFC 2046, section 5.1.1)."""

from __future__ import annotations

import re

from bartizan.perimeter.waf.bodies.result import MultipartFlags

__all__ = ["MalformedMultipart", "read_boundary"]

_LONGEST_FIELD = 1024
_ESSENCE = b"multipart/form-data"
_PLAIN = re.compile(rb"(?i:multipart/form-data); ?boundary=([0-9A-Za-z'()+_.,/:=?-]{1,200})")
_CHARACTERS = re.compile(rb"[0-9A-Za-z'()+_,./:=? -]*+")


class MalformedMultipart(Exception):
    """The body cannot be read further; the message says why. ``limit`` tells that a limit said so."""

    def __init__(self, message: str, *, limit: bool = False) -> None:
        super().__init__(message)
        self.limit = limit


def read_boundary(content_type: bytes, flags: MultipartFlags) -> bytes:
    """Return the boundary and note in ``flags`` what is odd about how it is written.

    Raises:
        MalformedMultipart: there is none, more than one, or none that all readers would understand alike.
    """
    ordinary = _PLAIN.fullmatch(content_type)
    if ordinary is not None and b"boundary" not in ordinary[1].lower():
        return ordinary[1]
    if not content_type:
        raise MalformedMultipart("Content-Type header not available.")
    if len(content_type) > _LONGEST_FIELD:
        raise MalformedMultipart("Invalid boundary in C-T (length).")
    lower = content_type.lower()
    if not lower.startswith(_ESSENCE):
        raise MalformedMultipart("Invalid MIME type.")
    return _value(content_type, _place(content_type, lower, flags), flags)


def _place(content_type: bytes, lower: bytes, flags: MultipartFlags) -> int:
    """Return where the text after ``boundary`` begins."""
    if lower.count(b"boundary", 0, max(lower.rfind(b"="), 0)) > 1:
        raise MalformedMultipart("Multiple boundary parameters in C-T.")
    start = content_type.find(b"boundary")
    if start < 0:
        if b"boundary" in lower:
            raise MalformedMultipart("Invalid boundary in C-T (case sensitivity).")
        raise MalformedMultipart("Boundary not found in C-T.")
    between = content_type[len(_ESSENCE) : start].strip()
    if between not in {b"", b";"}:
        raise MalformedMultipart("Invalid boundary in C-T (malformed).")
    flags.missing_semicolon = not between
    return start + len(b"boundary")


def _value(content_type: bytes, start: int, flags: MultipartFlags) -> bytes:
    equals = content_type.find(b"=", start)
    if equals < 0:
        raise MalformedMultipart("Invalid boundary in C-T (malformed).")
    if equals > start:
        flags.boundary_whitespace = True
        if content_type[start:equals].strip():
            raise MalformedMultipart("Invalid boundary in C-T (parameter name).")
    value = content_type[equals + 1 :]
    if value[:1].isspace():
        flags.boundary_whitespace = True
    if len(value) >= 2 and value[:1] == value[-1:] == b'"':
        flags.boundary_quoted = True
        value = value[1:-1]
    elif b'"' in {value[:1], value[-1:]}:
        raise MalformedMultipart("Invalid boundary in C-T (quote).")
    else:
        value = value.partition(b";")[0]
    if not value:
        raise MalformedMultipart("Invalid boundary in C-T (empty).")
    if value[-1:] == b" " or _CHARACTERS.fullmatch(value) is None:
        raise MalformedMultipart("Invalid boundary in C-T (characters).")
    return value

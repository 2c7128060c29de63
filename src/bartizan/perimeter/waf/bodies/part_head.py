"""The head of one part of a multipart body: its header lines, up to the empty one."""

from __future__ import annotations

import re

from bartizan.perimeter.waf.bodies.boundary import MalformedMultipart
from bartizan.perimeter.waf.bodies.result import Limits, MultipartFlags

__all__ = ["PartHead", "read_head"]

_NOT_IN_NAME = re.compile(rb"[\x00-\x20\x7f-\xff]")
_FOLDS = frozenset(b"\t\v\f\r ")
_ONLY_ONCE = frozenset({b"content-disposition", b"content-type"})


class PartHead:
    """What stands in a part's head.

    ``headers`` has all lines, unfolded, ``fields`` the first value of each field by its name in lower case,
    ``repeated`` tells that Content-Disposition or Content-Type stands there twice. ``error`` is the first thing wrong
    that did not end the reading, ``end`` where the content begins (-1: the empty line is missing).
    """

    __slots__ = ("_last", "end", "error", "fields", "headers", "repeated")

    def __init__(self) -> None:
        self.headers: list[bytes] = []
        self.fields: dict[bytes, bytes] = {}
        self.repeated = False
        self.error = ""
        self.end = -1
        self._last: bytes | None = (
            None  # the name of the field that a folded line continues; b"" if it is a repeated one
        )

    def add(self, line: bytes) -> None:
        """Add a header line, without its line ending."""
        name, colon, value = line.partition(b":")
        if not colon:
            self.error = self.error or f"Invalid part header (colon missing): {line[:100].decode('latin-1')}"
        elif not name:
            self.error = self.error or "Invalid part header (header name missing)."
        elif _NOT_IN_NAME.search(name) is not None:
            self.error = self.error or "Invalid part header (contains invalid character)."
        else:
            self.headers.append(line)
            name = name.lower()
            if name in self.fields:
                self.repeated |= name in _ONLY_ONCE
                self._last = b""
            else:
                self.fields[name] = value.lstrip(b"\t ")
                self._last = name

    def fold(self, line: bytes, flags: MultipartFlags) -> None:
        """Add a line that continues the one before it (RFC 5322, section 2.2.3)."""
        text = line.lstrip()
        flags.header_folding = True
        if not text or line[: len(line) - len(text)].strip(b"\t "):
            flags.invalid_header_folding = True
        if self._last is None:
            self.error = self.error or "Invalid part header (folding error)."
            return
        self.headers[-1] += b" " + text
        if self._last:
            self.fields[self._last] += b" " + text


def read_head(body: bytes, start: int, delimiter: bytes, flags: MultipartFlags, limits: Limits) -> PartHead:
    """Read the header lines from ``start`` up to the empty line; anomalies go to ``flags``.

    A line that begins with ``delimiter`` here, or the content with it, makes the part invalid: readers disagree on it.

    Raises:
        MalformedMultipart: there are too many lines, or one is too long.
    """
    head = PartHead()
    longest = limits.part_header_bytes
    for _ in range(limits.part_headers + 1):
        newline = body.find(b"\n", start, start + longest - 1)
        if newline < 0:
            if len(body) - start >= longest:
                break
            return head
        end = newline
        if newline > start and body[newline - 1] == 13:
            flags.crlf_line = True
            end -= 1
        else:
            flags.lf_line = True
        line = body[start:end]
        start = newline + 1
        if line[:2] == b"--":
            flags.invalid_part |= line.startswith(delimiter)
        if not line:
            head.end = start
            if body.startswith(delimiter, start) and body.find(b"\n", start) >= 0:
                flags.invalid_part = True
            return head
        if b"\0" in line:
            head.error = head.error or "Nul byte in part headers."
        elif line[0] in _FOLDS:
            head.fold(line, flags)
            if head.headers and len(head.headers[-1]) > longest:
                break
        else:
            head.add(line)
    flags.malformed = True
    raise MalformedMultipart("Part header too long, or too many of them.", limit=True)

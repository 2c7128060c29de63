"""multipart/form-data (RFC 7578, RFC 2046), read strictly, with a flag for every way to write it oddly.

It works on the whole body: boundaries are searched, and only the heads of parts are read line by line, so a large file
costs one search. What is an anomaly and what an error follows libmodsecurity 3.0.15, with these differences, all to see
more: line breaks inside a field's value are kept, every header line of a part is kept (it drops repeated ones), a
second Content-Disposition or Content-Type makes a part invalid, reading goes on with the next part after an invalid
one, and the number of parts and of header lines is limited.
"""

from __future__ import annotations

import re

from bartizan.perimeter.waf.bodies.boundary import MalformedMultipart, read_boundary
from bartizan.perimeter.waf.bodies.disposition import Disposition, read_disposition
from bartizan.perimeter.waf.bodies.part_head import PartHead, read_head
from bartizan.perimeter.waf.bodies.result import FilePart, Limits, MultipartFlags, ParsedBody, Part

__all__ = ["parse_multipart"]

_DASHED_LINE = re.compile(rb'^--(?:"|[\t\v\f\r ]++)', re.MULTILINE)
_LIKE_BOUNDARY = re.compile(rb"^--[^\n\0][^\0]", re.MULTILINE)
_ABSENT = Disposition([], [], None, "missing")


def parse_multipart(body: bytes, content_type: bytes, limits: Limits) -> ParsedBody:
    """Read a multipart body; what stood before an error is kept. An empty body has no parts and no error."""
    flags = MultipartFlags()
    try:
        boundary = read_boundary(content_type, flags)
    except MalformedMultipart as fault:
        flags.malformed = True
        return ParsedBody([], _message(str(fault)), multipart=flags)
    reader = _Reader(body, boundary, flags, limits)
    limit = False
    if body:
        try:
            reader.run()
        except MalformedMultipart as fault:
            reader.error = reader.error or str(fault)
            limit = fault.limit
    return ParsedBody(
        reader.arguments,
        _message(reader.error) if reader.error else "",
        limit or flags.file_limit_exceeded,
        reader.files,
        reader.parts,
        reader.names,
        reader.filenames,
        flags,
    )


def _message(text: str) -> str:
    return f"Multipart parsing error: Multipart: {text}"


class _Reader:
    __slots__ = (
        "_body",
        "_boundary",
        "_delimiter",
        "_flags",
        "_limits",
        "_settled",
        "arguments",
        "error",
        "filenames",
        "files",
        "names",
        "parts",
    )

    def __init__(self, body: bytes, boundary: bytes, flags: MultipartFlags, limits: Limits) -> None:
        self._body = body
        self._boundary = boundary
        self._delimiter = b"--" + boundary
        self._flags = flags
        self._limits = limits
        self._settled = 0  # what stands before here does not matter any more to `unmatched_boundary`
        self.arguments: list[tuple[bytes, bytes]] = []
        self.files: list[FilePart] = []
        self.parts: list[Part] = []
        self.names: list[bytes] = []
        self.filenames: list[bytes] = []
        self.error = ""

    def run(self) -> None:
        """Read the body from boundary to boundary.

        Raises:
            MalformedMultipart: it is not complete, or cannot be read further.
        """
        start = self._first_boundary()
        position, final = self._line_end(start, first=True)
        count = 0
        while not final:
            if position < 0:
                raise MalformedMultipart("Final boundary missing.")
            if count == self._limits.parts:
                self._flags.malformed = True
                raise MalformedMultipart("Too many parts.", limit=True)
            count += 1
            start, position, final = self._part(position)
        self._flags.data_after = position < len(self._body)
        if self._settled < start:
            self._look_for_unmatched(start)

    def _first_boundary(self) -> int:
        body = self._body
        start = 0 if body.startswith(self._delimiter) else body.find(b"\n" + self._delimiter) + 1 or -1
        stop = start if start >= 0 else self._last_line()
        self._check_lines(0, stop)
        self._flags.data_before = stop > 0
        if stop > 0:
            self._look_for_unmatched(stop)
            if not body.endswith(b"\r\n", 0, stop):
                self._flags.lf_line = True
        if start < 0:
            raise MalformedMultipart("No boundaries found in payload.")
        return start

    def _part(self, position: int) -> tuple[int, int, bool]:
        """Read the part that begins at ``position``.

        A boundary counts only where content stood before it: one in the head or directly after it is taken for a line
        of the part, and makes it invalid.

        Returns:
            Where the boundary after the part begins, where its line ends (-1: there is none), and whether it is final.
        """
        body = self._body
        head = read_head(body, position, self._delimiter, self._flags, self._limits)
        self.error = self.error or head.error
        begun = head.end
        start = body.find(b"\n" + self._delimiter, begun) + 1 if begun >= 0 else 0
        stop = start or self._last_line()
        self._check_lines(position, stop)
        disposition = self._disposition(head) if begun >= 0 else _ABSENT
        end, final = self._line_end(start, first=False) if start else (-1, False)
        if end < 0:
            self._look_for_unmatched(stop)
        elif disposition.names:
            self._add(head, disposition, self._content(begun, start))
        return start, end, final

    def _last_line(self) -> int:
        """Return where the last, unfinished line begins."""
        return self._body.rfind(b"\n") + 1

    def _line_end(self, start: int, *, first: bool) -> tuple[int, bool]:
        """Return where the line of the boundary at ``start`` ends (-1: it does not), and whether it is the final one.

        Raises:
            MalformedMultipart: the line goes on after the boundary.
        """
        body = self._body
        after = start + len(self._delimiter)
        final = body.startswith(b"--", after)
        if final:
            after += 2
        if body.startswith(b"\r\n", after):
            self._flags.crlf_line = True
            after += 2
        elif body.startswith(b"\n", after):
            self._flags.lf_line = True
            after += 1
        elif after == len(body) and final and not first:
            return after, True
        elif body.find(b"\n", after) < 0:
            return -1, False
        else:
            self._flags.malformed = True
            self._flags.unmatched_boundary = 0 if first else 2
            raise MalformedMultipart("Invalid boundary.")
        if not first:
            self._flags.unmatched_boundary = 2
        self._settled = after
        return after, final

    def _check_lines(self, start: int, stop: int) -> None:
        """Refuse boundaries that are quoted or stand behind white space: readers do not agree about them."""
        if self._body.find(self._boundary, start, stop) < 0:
            return
        for line in _DASHED_LINE.finditer(self._body, start, stop):
            if not self._body.startswith(self._boundary, line.end(), stop):
                continue
            quoted = line[0][-1:] == b'"'
            if not quoted or self._flags.boundary_quoted:
                self._flags.malformed = True
                raise MalformedMultipart(f"Invalid boundary ({'quotes' if quoted else 'whitespace'}).")

    def _look_for_unmatched(self, stop: int) -> None:
        """See whether a line after the last boundary that settled it looks like one, or has one inside."""
        body = self._body
        delimiter = self._delimiter
        for line in _LIKE_BOUNDARY.finditer(body, self._settled, stop):
            if not body.startswith(delimiter, line.start()):
                self._flags.unmatched_boundary = 1
                return
        inside = body.find(delimiter, self._settled, stop)
        while inside > 0 and body[inside - 1] == 10:
            inside = body.find(delimiter, inside + len(delimiter), stop)
        if inside > 0:
            self._flags.unmatched_boundary = 1

    def _disposition(self, head: PartHead) -> Disposition:
        """Read the part's Content-Disposition; what is wrong with it is noted."""
        value = head.fields.get(b"content-disposition")
        if value is None:
            self._flags.invalid_part = True
            self.error = self.error or "Part missing Content-Disposition header."
            return _ABSENT
        disposition = read_disposition(value, self._flags)
        self.names += disposition.names
        self.filenames += disposition.filenames
        if disposition.extended is not None:
            self.filenames.append(disposition.extended)
        if disposition.fault:
            self._flags.invalid_part = True
            self.error = self.error or f"Invalid Content-Disposition header ({disposition.fault})."
        self._flags.invalid_part |= head.repeated
        return disposition

    def _content(self, start: int, stop: int) -> bytes:
        """Return a part's content, without the line break that belongs to the boundary after it."""
        if self._body.endswith(b"\r\n", start, stop):
            return self._body[start : stop - 2]
        self._flags.lf_line = True
        return self._body[start : stop - 1]

    def _add(self, head: PartHead, disposition: Disposition, content: bytes) -> None:
        content_type = head.fields.get(b"content-type", b"")
        name = disposition.names[0]
        filename = disposition.filename
        self.parts.append(Part(name, filename, tuple(head.headers)))
        if filename is None:
            self.arguments.append((name, content))
            return
        if 0 < self._limits.files <= len(self.files):
            self._flags.file_limit_exceeded = True
            self.error = self.error or f"Upload file limit exceeded {self._limits.files}."
        self.files.append(FilePart(name, filename, len(content), content_type, content))

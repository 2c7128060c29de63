"""What reading a request body yields, and the limits it is read under."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from bartizan.perimeter.waf.bodies.xml_body import XmlDocument

__all__ = ["FilePart", "Limits", "MultipartFlags", "ParsedBody", "Part"]


class Limits(msgspec.Struct, frozen=True, gc=False):
    """How much a body may hold; what goes beyond is an error or told by ``limit_exceeded``, never dropped silently."""

    arguments: int = 1000
    """Arguments that may still be added (SecArgumentsLimit, less what the query string had)."""
    json_depth: int = 512
    """Nesting of arrays and objects (SecRequestBodyJsonDepthLimit)."""
    parts: int = 1000
    """Parts of a multipart body."""
    files: int = 100
    """Parts with a file name (SecUploadFileLimit); 0: as many as parts."""
    part_headers: int = 64
    """Header lines of one part, folded ones counted each."""
    part_header_bytes: int = 4096
    """One header line of a part with its line ending, and one unfolded header."""
    xml_depth: int = 256
    """Nesting of elements; libxml2 itself stops at 256."""
    xml_nodes: int = 100_000
    """Elements, attributes, comments and processing instructions together."""
    xml_bytes: int = 10_000_000
    """The whole document."""


class Part(msgspec.Struct, frozen=True):
    """One part of a multipart body: its head, as it was sent.

    ``filename`` is None for a plain field. ``headers`` has every header line with its name, unfolded, without line
    ending.
    """

    name: bytes
    filename: bytes | None
    headers: tuple[bytes, ...]


class FilePart(msgspec.Struct, frozen=True, gc=False):
    """One uploaded file. ``size`` in bytes, ``content_type`` as sent (``b""`` when absent)."""

    name: bytes
    filename: bytes
    size: int
    content_type: bytes
    content: bytes


class MultipartFlags(msgspec.Struct, gc=False):
    """The anomalies of a multipart body, by the name of the ModSecurity variable (``MULTIPART_`` left out).

    ``unmatched_boundary`` is 0, 1 (something like a boundary stood where none may) or 2 (boundaries matched in the
    end), as libmodsecurity 3.0.15 reports it. ``malformed`` is what made the parser stop.
    """

    boundary_quoted: bool = False
    boundary_whitespace: bool = False
    data_before: bool = False
    data_after: bool = False
    header_folding: bool = False
    lf_line: bool = False
    crlf_line: bool = False
    missing_semicolon: bool = False
    invalid_quoting: bool = False
    invalid_header_folding: bool = False
    invalid_part: bool = False
    file_limit_exceeded: bool = False
    unmatched_boundary: int = 0
    malformed: bool = False

    @property
    def crlf_lf_lines(self) -> bool:
        """Whether both line endings were used."""
        return self.crlf_line and self.lf_line

    @property
    def strict_error(self) -> bool:
        """MULTIPART_STRICT_ERROR: whether any of the anomalies that it stands for was seen."""
        return (
            self.malformed
            or self.boundary_quoted
            or self.boundary_whitespace
            or self.data_before
            or self.data_after
            or self.header_folding
            or self.lf_line
            or self.missing_semicolon
            or self.invalid_quoting
            or self.invalid_part
            or self.invalid_header_folding
            or self.file_limit_exceeded
        )


class ParsedBody(msgspec.Struct, frozen=True):
    """A body as ModSecurity's variables see it.

    ``error`` is REQBODY_ERROR_MSG (``""``: none); what was read before it is kept. ``arguments`` are in the order of
    the body; libmodsecurity lists those of URLENCODED and MULTIPART under ARGS and ARGS_POST, those of JSON under ARGS
    only. ``part_names`` and ``part_filenames`` are MULTIPART_NAME and MULTIPART_FILENAME: every one seen, also of parts
    that turned out invalid. ``limit_exceeded`` tells that a limit of `Limits` ended the reading.
    """

    arguments: list[tuple[bytes, bytes]]
    error: str = ""
    limit_exceeded: bool = False
    files: list[FilePart] = []
    parts: list[Part] = []
    part_names: list[bytes] = []
    part_filenames: list[bytes] = []
    multipart: MultipartFlags | None = None
    xml: XmlDocument | None = None

"""The Content-Disposition of a part of a multipart body (RFC 7578, section 4.2; RFC 2183)."""

from __future__ import annotations

import re
from typing import NamedTuple

from bartizan.perimeter.waf.bodies.arguments import url_decode
from bartizan.perimeter.waf.bodies.result import MultipartFlags

__all__ = ["Disposition", "read_disposition"]

_PLAIN = re.compile(rb'form-data; name="([^"\\\']++)"(?:; filename="([^"\\\']*+)")?')
_PARAMETER = re.compile(
    rb"[\t ]*+([^=\t ]*+)[\t ]*+=[\t ]*+"
    rb"""(?:"([^"\\]*+(?:\\.[^"\\]*+)*)"|'([^'\\]*+(?:\\.[^'\\]*+)*)'|([!#$%&'*+.^_`{|}~0-9A-Za-z-]*+))""",
    re.DOTALL,
)
_NEXT = re.compile(rb"[\t ]*+(;|\Z)")
_EXTENDED = re.compile(rb"([A-Za-z0-9!#$%&+^_`{}~-]++)'[A-Za-z0-9-]*+'((?:%[0-9A-Fa-f]{2}|[A-Za-z0-9!#$&+.^_`|~-]++)*)")
_ESCAPED = {quote: re.compile(rb"\\([\\" + quote + rb"])") for quote in (b'"', b"'")}


class Disposition(NamedTuple):
    """What was read: the names and file names seen, in order.

    ``fault`` tells why the field is invalid (``""``: it is not). ``filename`` is the one that counts, None for a plain
    field; ``extended`` is ``filename*`` decoded to its bytes.
    """

    names: list[bytes]
    filenames: list[bytes]
    extended: bytes | None
    fault: str

    @property
    def filename(self) -> bytes | None:
        """The file name; None when there is none or an empty one (libmodsecurity takes such a part for a field)."""
        return (self.filenames[0] or None) if self.filenames else None


def read_disposition(value: bytes, flags: MultipartFlags) -> Disposition:
    """Read the field's ``value``; only what all readers understand alike is valid. Never raises."""
    plain = _PLAIN.fullmatch(value)
    if plain is not None:
        return Disposition([plain[1]], [] if plain[2] is None else [plain[2]], None, "")
    reader = _Reader(flags)
    fault = reader.read(value)
    if not fault and not (reader.names and reader.names[0]):
        fault = "name missing"
    if not fault and reader.extended is not None and not (reader.filenames and reader.filenames[0]):
        fault = "filename* without filename"
    if not fault and reader.filenames and b"filename=" not in value:
        fault = "filename with white space"  # readers that search for `filename=` would take it for a field
    return Disposition(reader.names, reader.filenames, reader.extended, fault)


class _Reader:
    __slots__ = ("extended", "filenames", "flags", "names")

    def __init__(self, flags: MultipartFlags) -> None:
        self.flags = flags
        self.names: list[bytes] = []
        self.filenames: list[bytes] = []
        self.extended: bytes | None = None

    def read(self, value: bytes) -> str:
        if value[:9] != b"form-data":
            return "not form-data"
        match = _NEXT.match(value, 9)
        if match is None:
            return "semicolon missing"
        while match[1] and match.end() < len(value):
            parameter = _PARAMETER.match(value, match.end())
            if parameter is None:
                return "not a parameter"
            end = parameter.end()
            if parameter[4] == b"" and value[end : end + 1] in {b'"', b"'"}:
                self.flags.invalid_quoting = True
                return "quote not closed"
            if fault := self._parameter(parameter):
                return fault
            match = _NEXT.match(value, end)
            if match is None:
                self.flags.invalid_quoting |= parameter[4] is None
                return "text after a parameter"
        return ""

    def _parameter(self, match: re.Match[bytes]) -> str:
        name = match[1]
        text = match[4]
        if text is None:
            quote = b'"' if match[2] is not None else b"'"
            self.flags.invalid_quoting |= quote == b"'"
            text = _ESCAPED[quote].sub(rb"\1", match[2] if match[2] is not None else match[3])
        if name == b"name":
            self.names.append(text)
            return "" if len(self.names) == 1 else "name twice"
        if name == b"filename":
            self.filenames.append(text)
            return "" if len(self.filenames) == 1 else "filename twice"
        if name == b"filename*" and match[4] is not None and self.extended is None:
            extended = _EXTENDED.fullmatch(text)
            if extended is not None:
                self.extended = url_decode(extended[2].replace(b"+", b"%2B"))
                return ""
        return "unknown parameter"

"""HTTP/1 read leniently: what an engine without a server in front of it is given of a stage's bytes.

No check of any kind: tests send what a server would refuse, and the rules are to see it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Plain", "read_request", "read_response"]

_LINE = re.compile(rb"\r?\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Plain:
    """The parts of a request as they came; ``body`` is what follows the head, without the framing of chunks."""

    method: bytes
    uri: bytes
    version: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def header(self, name: bytes) -> bytes | None:
        """Return the first value of a field, by its name in lower case."""
        return next((value for other, value in self.headers if other.lower() == name), None)


def read_request(content: bytes) -> Plain:
    """Read one request; whatever it lacks is empty."""
    line, headers, body = _message(content)
    method, _, rest = line.partition(b" ")
    if not method:  # leading spaces belong to the method, so that rules see them
        method = line[: len(line) - len(line.lstrip(b" "))] + line.split(b" ")[-3] if line.count(b" ") > 2 else b""
        rest = line[len(method) + 1 :]
    uri, _, version = rest.rpartition(b" ")
    if not uri:
        uri, version = version, b""
    plain = Plain(method, uri, version, headers, body)
    if b"chunked" in (plain.header(b"transfer-encoding") or b"").lower():
        return Plain(method, uri, version, headers, _dechunk(body))
    return plain


def read_response(content: bytes) -> tuple[int | None, tuple[tuple[bytes, bytes], ...], bytes]:
    """Return the status, the header fields and the body; the status is None when there is none."""
    line, headers, body = _message(content)
    parts = line.split(b" ", 2)
    known = len(parts) > 1 and parts[0].startswith(b"HTTP/") and len(parts[1]) == 3 and parts[1].isdigit()
    return int(parts[1]) if known else None, headers, body


def _message(content: bytes) -> tuple[bytes, tuple[tuple[bytes, bytes], ...], bytes]:
    end = _HEAD_END.search(content)
    head, body = (content, b"") if end is None else (content[: end.start()], content[end.end() :])
    line, *fields = _LINE.split(head)
    headers: list[tuple[bytes, bytes]] = []
    for field in fields:
        name, _, value = field.partition(b":")
        if name[:1] in {b" ", b"\t"} and headers:  # obs-fold
            headers[-1] = (headers[-1][0], headers[-1][1] + b" " + field.strip(b" \t"))
        elif field:
            headers.append((name, value.strip(b" \t")))
    return line, tuple(headers), body


def _dechunk(body: bytes) -> bytes:
    """Return the data of chunks; a body that is none of chunks as it is."""
    parts: list[bytes] = []
    rest = body
    while rest:
        size, found, after = rest.partition(b"\r\n")
        digits = size.partition(b";")[0].strip()
        if not found or not digits or len(digits) > 8 or digits.strip(b"0123456789abcdefABCDEF"):
            return body
        length = int(digits, 16)
        if length == 0:
            break
        parts.append(after[:length])
        rest = after[length:].removeprefix(b"\r\n")
    return b"".join(parts)

"""Responses, read as far as tests need it."""

from __future__ import annotations

__all__ = ["read_response"]


def read_response(content: bytes) -> tuple[int | None, list[tuple[bytes, bytes]]]:
    """Return the status and the header fields of a whole response; the status is None when it has none."""
    line, *lines = content.partition(b"\r\n\r\n")[0].split(b"\r\n")
    fields = [(name, value.strip(b" \t")) for name, found, value in (each.partition(b":") for each in lines) if found]
    parts = line.split(b" ", 2)
    known = len(parts) > 1 and parts[0].startswith(b"HTTP/") and len(parts[1]) == 3 and parts[1].isdigit()
    return (int(parts[1]) if known else None), fields

"""IP addresses from text: strict, fast, and in one canonical form."""

from __future__ import annotations

import socket
from typing import NamedTuple

__all__ = ["ParsedAddress", "parse_address", "parse_node"]

_MAPPED = b"\0" * 10 + b"\xff\xff"
_MAX_TEXT = 45  # an IPv4-mapped IPv6 address written out


class ParsedAddress(NamedTuple):
    """An address in canonical text, its IP version, and the address as an integer."""

    address: str
    version: int
    number: int


def parse_address(text: str) -> ParsedAddress:
    """Read an address as RFC 4291 and RFC 6943 section 3.1.1 (strict form) write it; no octal, no short forms, no zone.

    An IPv4-mapped IPv6 address is the IPv4 address it stands for, so that no list can be side-stepped by writing an
    address differently. Raises ``ValueError``.
    """
    if len(text) > _MAX_TEXT:
        raise ValueError(f"not an address: {text[:_MAX_TEXT]!r}…")
    try:
        if ":" not in text:
            packed = socket.inet_pton(socket.AF_INET, text)
            return ParsedAddress(text, 4, int.from_bytes(packed, "big"))
        packed = socket.inet_pton(socket.AF_INET6, text)
    except (OSError, UnicodeError, ValueError):
        raise ValueError(f"not an address: {text!r}") from None
    if packed.startswith(_MAPPED):
        return ParsedAddress(socket.inet_ntop(socket.AF_INET, packed[12:]), 4, int.from_bytes(packed[12:], "big"))
    return ParsedAddress(socket.inet_ntop(socket.AF_INET6, packed), 6, int.from_bytes(packed, "big"))


def parse_node(text: str) -> ParsedAddress:
    """Read an address with an optional port, as X-Forwarded-For and Forwarded (RFC 7239 section 6) have it.

    ``192.0.2.7``, ``192.0.2.7:4711``, ``2001:db8::7``, ``[2001:db8::7]``, ``[2001:db8::7]:4711``. The port is checked
    and dropped. Raises ``ValueError`` for anything else, obfuscated identifiers and ``unknown`` included.
    """
    if text.startswith("["):
        address, bracket, port = text[1:].partition("]")
        if not bracket or ":" not in address or (port and not _is_port(port)):
            raise ValueError(f"not an address with a port: {text[:80]!r}")
        return parse_address(address)
    if text.count(":") == 1:
        address, _, port = text.partition(":")
        if not _is_port(":" + port):
            raise ValueError(f"not an address with a port: {text[:80]!r}")
        return parse_address(address)
    return parse_address(text)


def _is_port(text: str) -> bool:
    return text[0] == ":" and text[1:].isascii() and text[1:].isdigit() and len(text) <= 6 and int(text[1:]) <= 65535

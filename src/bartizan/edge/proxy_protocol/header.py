"""The header of PROXY protocol versions 1 and 2 (HAProxy, "The PROXY protocol", doc/proxy-protocol.txt), sans-IO.

The specification numbers: 2.1 the text header, at most 107 bytes; 2.2 the binary header; 2.2.3 its CRC32C checksum.
Nothing is guessed: what is not exactly one of the two headers is refused.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

from bartizan.edge.layers import PeerName
from bartizan.errors import BartizanError

__all__ = ["MAX_HEADER", "ProxyHeader", "ProxyProtocolError", "Versions", "crc32c", "parse_proxy_header"]

MAX_HEADER = 4096  # bytes of a version 2 header, type-length-value fields included
MAX_V1 = 107
SIGNATURE_V1 = b"PROXY "
SIGNATURE_V2 = b"\r\n\r\n\x00\r\nQUIT\n"
TLV_CRC32C = 0x03

Versions = Literal["v1", "v2", "any"]

_PORT = re.compile(r"0|[1-9][0-9]{0,4}")


class ProxyProtocolError(BartizanError):
    """The bytes are not the PROXY protocol header that the listener is configured for."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """``source`` and ``destination`` of the proxied connection, None where the header leaves them to the real one.

    ``length`` is the number of bytes the header takes; the connection's own data starts there.
    """

    length: int
    source: PeerName | None = None
    destination: PeerName | None = None


def parse_proxy_header(data: bytes, versions: Versions = "any") -> ProxyHeader | None:
    """Parse the header at the start of ``data``; None: more bytes are needed. Raises ``ProxyProtocolError``."""
    if versions != "v2" and SIGNATURE_V1.startswith(data[: len(SIGNATURE_V1)]):
        return _parse_v1(data)
    if versions != "v1" and SIGNATURE_V2.startswith(data[: len(SIGNATURE_V2)]):
        return _parse_v2(data)
    raise ProxyProtocolError(f"no PROXY protocol header ({versions}) at the start of the connection")


def _parse_v1(data: bytes) -> ProxyHeader | None:
    end = data.find(b"\r\n", 0, MAX_V1)
    if end < 0:
        if len(data) >= MAX_V1:
            raise ProxyProtocolError(f"a version 1 header does not end within {MAX_V1} bytes")
        return None
    try:
        words = data[len(SIGNATURE_V1) : end].decode("ascii").split(" ")
    except UnicodeDecodeError:
        raise ProxyProtocolError("a version 1 header is not ASCII") from None
    if words[0] == "UNKNOWN":
        return ProxyHeader(end + 2)
    if words[0] not in {"TCP4", "TCP6"} or len(words) != 5:
        raise ProxyProtocolError("a version 1 header is neither UNKNOWN nor TCP4/TCP6 with two addresses and two ports")
    family = IPv4Address if words[0] == "TCP4" else IPv6Address
    return ProxyHeader(
        end + 2, (_address(family, words[1]), _port(words[3])), (_address(family, words[2]), _port(words[4]))
    )


def _address(family: type[IPv4Address | IPv6Address], text: str) -> str:
    if "%" in text:
        raise ProxyProtocolError("a version 1 header has an address with a zone")
    try:
        return str(family(text))
    except ValueError:
        raise ProxyProtocolError(f"a version 1 header has an invalid address: {text[:45]!r}") from None


def _port(text: str) -> int:
    if not _PORT.fullmatch(text) or int(text) > 65535:
        raise ProxyProtocolError(f"a version 1 header has an invalid port: {text[:45]!r}")
    return int(text)


def _parse_v2(data: bytes) -> ProxyHeader | None:
    if len(data) < 16:
        return None
    command, family, size = struct.unpack_from(">BBH", data, 12)
    length = 16 + size
    if length > MAX_HEADER:
        raise ProxyProtocolError(f"a version 2 header of {length} bytes; at most {MAX_HEADER} are accepted")
    if command not in {0x20, 0x21}:
        raise ProxyProtocolError(f"a version 2 header has version and command 0x{command:02x}")
    if family not in {0x00, 0x11, 0x12, 0x21, 0x22, 0x31, 0x32}:
        raise ProxyProtocolError(f"a version 2 header has address family and protocol 0x{family:02x}")
    if len(data) < length:
        return None
    if command == 0x20:
        return ProxyHeader(length)
    return _proxied(data[:length], family)


def _proxied(header: bytes, family: int) -> ProxyHeader:
    """Read addresses and type-length-value fields of a header with the command PROXY."""
    if family & 0x0F == 2:
        raise ProxyProtocolError("a version 2 header announces datagrams on a stream")
    size = {0x00: 0, 0x11: 12, 0x21: 36, 0x31: 216}[family]
    if len(header) < 16 + size:
        raise ProxyProtocolError(f"a version 2 header is too short for its addresses: {len(header)} bytes")
    if family == 0x00:
        return ProxyHeader(len(header))
    for kind, start, end in _fields(header, 16 + size):
        if kind == TLV_CRC32C:
            _check_crc32c(header, start, end)
    source, destination = _addresses(header, family)
    return ProxyHeader(len(header), source, destination)


def _addresses(header: bytes, family: int) -> tuple[PeerName, PeerName]:
    if family == 0x11:
        ports = struct.unpack_from(">HH", header, 24)
        return (str(IPv4Address(header[16:20])), ports[0]), (str(IPv4Address(header[20:24])), ports[1])
    if family == 0x21:
        ports = struct.unpack_from(">HH", header, 48)
        return (str(IPv6Address(header[16:32])), ports[0]), (str(IPv6Address(header[32:48])), ports[1])
    source, destination = header[16:124], header[124:232]
    return _socket_path(source), _socket_path(destination)


def _socket_path(field: bytes) -> str:
    """Return a Unix socket's path; one in the abstract name space (first byte NUL) as ``@name``."""
    name = b"@" + field[1:].rstrip(b"\0") if field[:1] == b"\0" else field.split(b"\0", 1)[0]
    return name.decode("utf-8", "backslashreplace")


def _fields(header: bytes, position: int) -> Iterator[tuple[int, int, int]]:
    """Yield type, start and end of the value of each field; they must fill the header exactly."""
    while position < len(header):
        if position + 3 > len(header):
            raise ProxyProtocolError("a version 2 header ends within a field")
        kind, size = struct.unpack_from(">BH", header, position)
        end = position + 3 + size
        if end > len(header):
            raise ProxyProtocolError(f"a version 2 header has a field 0x{kind:02x} longer than the header")
        yield kind, position + 3, end
        position = end


def _check_crc32c(header: bytes, start: int, end: int) -> None:
    if end - start != 4:
        raise ProxyProtocolError(f"a version 2 header has a checksum of {end - start} bytes instead of 4")
    blank = header[:start] + b"\0\0\0\0" + header[end:]
    if crc32c(blank) != int.from_bytes(header[start:end], "big"):
        raise ProxyProtocolError("a version 2 header does not match its CRC32C checksum")


def crc32c(data: bytes) -> int:
    """Return the CRC-32C (Castagnoli) of ``data`` (RFC 9260 appendix A)."""
    table = _crc32c_table()
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


@cache
def _crc32c_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)

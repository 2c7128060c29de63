"""The ClientHello as bytes on the wire, read strictly and within bounds (RFC 8446 sections 4.1.2, 4.2 and 5.1).

Sans-IO: ``ClientHelloReader`` is fed what arrives, in pieces of any size, and gives the parsed message once it is
whole. It collects the handshake message over several records (RFC 8446 section 5.1); everything else is refused with
``ClientHelloError``, which knows the TLS alert to answer with. TLS 1.2 and earlier have the same format (RFC 5246
section 7.4.1.2); the SSL 2.0 one is refused (RFC 6176).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from bartizan.errors import TlsError

__all__ = ["MAX_CLIENT_HELLO", "ClientHello", "ClientHelloError", "ClientHelloReader", "parse_client_hello"]

MAX_CLIENT_HELLO = 64 * 1024  # bytes, records and their headers included
_MAX_FRAGMENT = 2**14  # RFC 8446 section 5.1

ALERT_UNEXPECTED_MESSAGE = 10
ALERT_RECORD_OVERFLOW = 22
ALERT_ILLEGAL_PARAMETER = 47
ALERT_DECODE_ERROR = 50
ALERT_PROTOCOL_VERSION = 70

EXT_SERVER_NAME = 0
EXT_GROUPS = 10
EXT_SIGNATURE_ALGORITHMS = 13
EXT_ALPN = 16
EXT_SUPPORTED_VERSIONS = 43

_HOST_NAME = re.compile(rb"[A-Za-z0-9_.-]{1,255}")
_HTTP_START = frozenset(range(ord("A"), ord("Z") + 1))


class ClientHelloError(TlsError):
    """What a client sent is not a ClientHello. ``reason`` is a stable word; ``alert`` the TLS alert to send."""

    def __init__(self, reason: str, alert: int, message: str) -> None:
        self.reason = reason
        self.alert = alert
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a client offers. Code points are as on the wire, in its order, GREASE (RFC 8701) included.

    ``server_name`` is lower-case without a trailing dot; ``None`` and empty tuples stand for extensions not sent, while
    ``extensions`` tells which were.
    """

    legacy_version: int
    cipher_suites: tuple[int, ...]
    extensions: tuple[int, ...] = ()
    server_name: str | None = None
    alpn: tuple[bytes, ...] = ()
    signature_algorithms: tuple[int, ...] = ()
    supported_versions: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()


class ClientHelloReader:
    """Collects the first handshake message of a client.

    ``received`` keeps every byte fed, for the TLS engine that goes on with the handshake.
    """

    __slots__ = ("_message", "_position", "received")

    def __init__(self) -> None:
        self.received = bytearray()
        self._position = 0
        self._message = bytearray()

    def feed(self, data: bytes | bytearray | memoryview) -> ClientHello | None:
        """Take more bytes; return the ClientHello once it is whole. Raises ``ClientHelloError``."""
        self.received += data
        while (fragment := self._next_fragment()) is not None:
            self._message += fragment
            message = self._whole_message()
            if message is not None:
                return parse_client_hello(message)
        if len(self.received) > MAX_CLIENT_HELLO:
            raise _error(ALERT_RECORD_OVERFLOW, f"no whole ClientHello within {MAX_CLIENT_HELLO} bytes", "too_large")
        return None

    def _next_fragment(self) -> bytearray | None:
        """Return the payload of the next whole record, or None if more bytes are needed."""
        received, start = self.received, self._position
        have = len(received) - start
        if have >= 1 and received[start] != 22:
            if start == 0 and received[0] in _HTTP_START:
                raise _error(ALERT_UNEXPECTED_MESSAGE, "text instead of TLS", "plain_text")
            raise _error(ALERT_UNEXPECTED_MESSAGE, f"record type {received[start]} instead of a handshake (22)")
        if have >= 2 and received[start + 1] != 3:
            raise _error(ALERT_PROTOCOL_VERSION, f"record version {received[start + 1]}.x instead of 3.x")
        if have < 5:
            return None
        length = int.from_bytes(received[start + 3 : start + 5], "big")
        if not 0 < length <= _MAX_FRAGMENT:
            raise _error(ALERT_RECORD_OVERFLOW, f"a record of {length} bytes; 1 to {_MAX_FRAGMENT} are allowed")
        end = start + 5 + length
        if len(received) < end:
            return None
        self._position = end
        return received[start + 5 : end]

    def _whole_message(self) -> bytes | None:
        message = self._message
        if message[0] != 1:
            raise _error(ALERT_UNEXPECTED_MESSAGE, f"handshake message {message[0]} instead of ClientHello (1)")
        if len(message) < 4:
            return None
        end = 4 + int.from_bytes(message[1:4], "big")
        if end > MAX_CLIENT_HELLO:
            raise _error(
                ALERT_RECORD_OVERFLOW, f"a ClientHello of {end} bytes; at most {MAX_CLIENT_HELLO}", "too_large"
            )
        return None if len(message) < end else bytes(message[4:end])


def parse_client_hello(body: bytes) -> ClientHello:
    """Parse the body of a ClientHello, without its four-byte handshake header. Raises ``ClientHelloError``."""
    fields = _Cursor(body)
    legacy_version = fields.number(2)
    if legacy_version >> 8 != 3:
        raise _error(ALERT_PROTOCOL_VERSION, f"protocol version 0x{legacy_version:04x}")
    fields.take(32)
    if len(fields.vector(1)) > 32:
        raise _error(ALERT_DECODE_ERROR, "a session id of more than 32 bytes")
    ciphers = _code_points(fields.vector(2), "cipher suites")
    if 0 not in fields.vector(1):
        raise _error(ALERT_ILLEGAL_PARAMETER, "compression methods without null")
    extensions = dict(_extensions(fields)) if fields.left else {}
    name = extensions.get(EXT_SERVER_NAME)
    alpn = extensions.get(EXT_ALPN)
    versions = extensions.get(EXT_SUPPORTED_VERSIONS)
    return ClientHello(
        legacy_version,
        ciphers,
        tuple(extensions),
        None if name is None else _server_name(name),
        () if alpn is None else _protocols(alpn),
        _listed(extensions, EXT_SIGNATURE_ALGORITHMS, "signature algorithms"),
        () if versions is None else _code_points(_only_vector(versions, 1), "supported versions"),
        _listed(extensions, EXT_GROUPS, "groups"),
    )


def _error(alert: int, message: str, reason: str = "malformed") -> ClientHelloError:
    return ClientHelloError(reason, alert, f"not a ClientHello: {message}")


class _Cursor:
    """Takes length-prefixed fields off a byte string and never reads past its end (RFC 8446 section 3.4)."""

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._position

    def take(self, count: int) -> bytes:
        end = self._position + count
        if end > len(self._data):
            raise _error(ALERT_DECODE_ERROR, f"a field ends {end - len(self._data)} bytes after the message")
        taken = self._data[self._position : end]
        self._position = end
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        return self.take(self.number(size))


def _extensions(fields: _Cursor) -> Iterator[tuple[int, bytes]]:
    """Yield type and content; a type that comes twice is refused (RFC 8446 section 4.2)."""
    block = _Cursor(fields.vector(2))
    if fields.left:
        raise _error(ALERT_DECODE_ERROR, f"{fields.left} bytes after the extensions")
    seen = set()
    while block.left:
        kind = block.number(2)
        if kind in seen:
            raise _error(ALERT_ILLEGAL_PARAMETER, f"extension {kind} twice")
        seen.add(kind)
        yield kind, block.vector(2)


def _only_vector(data: bytes, size: int) -> bytes:
    """Return the one vector that ``data`` consists of."""
    fields = _Cursor(data)
    content = fields.vector(size)
    if fields.left:
        raise _error(ALERT_DECODE_ERROR, f"{fields.left} bytes too many in an extension")
    return content


def _code_points(data: bytes, what: str) -> tuple[int, ...]:
    if not data or len(data) % 2:
        raise _error(ALERT_DECODE_ERROR, f"{what} of {len(data)} bytes; a list of two-byte numbers is not empty")
    return struct.unpack(f">{len(data) // 2}H", data)


def _listed(extensions: dict[int, bytes], kind: int, what: str) -> tuple[int, ...]:
    data = extensions.get(kind)
    return () if data is None else _code_points(_only_vector(data, 2), what)


def _server_name(data: bytes) -> str:
    """Read a server_name extension (RFC 6066 section 3): exactly one host name."""
    names = _Cursor(_only_vector(data, 2))
    kind, name = names.number(1), names.vector(2)
    if kind != 0 or names.left:
        raise _error(ALERT_ILLEGAL_PARAMETER, "server_name is not one host name")
    if not _HOST_NAME.fullmatch(name):
        raise _error(ALERT_ILLEGAL_PARAMETER, "server_name is not a DNS host name")
    return name.decode("ascii").lower().removesuffix(".")


def _protocols(data: bytes) -> tuple[bytes, ...]:
    """Read an ALPN extension (RFC 7301 section 3.1)."""
    names = _Cursor(_only_vector(data, 2))
    protocols = []
    while names.left:
        protocol = names.vector(1)
        if not protocol:
            raise _error(ALERT_DECODE_ERROR, "an empty ALPN protocol name")
        protocols.append(protocol)
    if not protocols:
        raise _error(ALERT_DECODE_ERROR, "an empty ALPN list")
    return tuple(protocols)

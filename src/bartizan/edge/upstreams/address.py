"""Where a node is: ``host:port``, ``[v6]:port`` or ``unix:/path``."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

__all__ = ["Address", "Endpoint", "parse_address"]

Endpoint = tuple[str, int] | str
"""What can be connected to: an IP address as text with a port, or the path of a Unix socket."""

_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?")
_PORT = re.compile(r"[0-9]{1,5}")
_MAX_UNIX_PATH = 107  # sun_path holds 108 bytes with its closing NUL (unix(7))


@dataclass(frozen=True, slots=True)
class Address:
    """A node's address as configured. ``path`` is set for a Unix socket; ``host`` and ``port`` otherwise.

    ``literal`` tells that ``host`` is an IP address, which is never resolved.
    """

    text: str
    host: str = ""
    port: int = 0
    path: str | None = None
    literal: bool = False

    def authority(self, default_port: int) -> bytes:
        """Return what Host says of this node (RFC 9110 section 7.2); ``localhost`` for a Unix socket."""
        if self.path is not None:
            return b"localhost"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (host if self.port == default_port else f"{host}:{self.port}").encode("ascii")

    @property
    def endpoint(self) -> Endpoint | None:
        """What to connect to where no resolution is needed, or None for a host name."""
        if self.path is not None:
            return self.path
        return (self.host, self.port) if self.literal else None


def parse_address(text: str) -> Address:
    """Turn a configured address into its parts; raises ``ValueError`` that says what is wrong."""
    if text.startswith("unix:"):
        return _unix(text, text.removeprefix("unix:"))
    host, separator, digits = text.rpartition(":")
    if not separator or not _PORT.fullmatch(digits) or not 1 <= int(digits) <= 65535:
        raise ValueError("a node's address ends in a port from 1 to 65535: 10.0.0.7:8080, [2001:db8::7]:8080, api:80")
    port = int(digits)
    if host.startswith("[") and host.endswith("]"):
        return Address(text, str(ipaddress.IPv6Address(host[1:-1])), port, literal=True)
    if ":" in host:
        raise ValueError("an IPv6 address stands in brackets: [2001:db8::7]:8080")
    if host.rpartition(".")[2].isdigit():  # such a name could only be an address (WHATWG URL, "ends in a number")
        return Address(text, str(ipaddress.IPv4Address(host)), port, literal=True)
    if not _HOST.fullmatch(host) or ".." in host:
        raise ValueError("not a host name: letters, digits, `-`, `_` and single dots, at most 253 characters")
    return Address(text, host, port)


def _unix(text: str, path: str) -> Address:
    if not path.startswith("/") or "\0" in path:
        raise ValueError("a Unix socket is named by an absolute path: unix:/run/api.sock")
    if len(path.encode()) > _MAX_UNIX_PATH:
        raise ValueError(f"the path of a Unix socket is at most {_MAX_UNIX_PATH} bytes long")
    return Address(text, path=path)

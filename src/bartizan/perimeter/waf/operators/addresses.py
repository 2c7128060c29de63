"""The operators that compare IP addresses."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress

from bartizan.perimeter.waf.operators.datafile import read_lines
from bartizan.perimeter.waf.operators.interface import NO_CAPTURES, Captures, Context, Operator, OperatorError

__all__ = ["ip_match", "ip_match_from_file"]

_Networks = tuple[tuple[int, frozenset[int]], ...]
"""Per prefix length: by how many bits to shift an address, and the shifted networks."""


def ip_match(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match an address in a list such as ``192.0.2.1,2001:db8::/32``.

    Raises:
        OperatorError: Something in the list is no address and no network.
    """
    return _matcher(argument.split(b","))


def ip_match_from_file(argument: bytes, context: Context) -> Operator:
    """Match an address in a list that a file holds; a line may have several with commas, and a comment after ``#``.

    Raises:
        OperatorError: The file cannot be read, or something in it is no address and no network.
    """
    lines = read_lines(argument, context)
    return _matcher(part for line in lines for part in line.partition(b"#")[0].split(b","))


def _matcher(parts: Iterable[bytes]) -> Operator:
    v4: dict[int, set[int]] = {}
    v6: dict[int, set[int]] = {}
    for part in map(bytes.strip, parts):
        if part:
            shift, network = _network(part)
            (v6 if b":" in part else v4).setdefault(shift, set()).add(network)
    networks_v4, networks_v6 = _frozen(v4), _frozen(v6)

    def match(value: bytes) -> Captures | None:
        if b"\0" in value:  # the reference reads up to it
            value = value[: value.index(b"\0")]
        try:
            text = value.decode("ascii")
            if b":" in value:
                number, networks = int.from_bytes(socket.inet_pton(socket.AF_INET6, text), "big"), networks_v6
            else:
                number, networks = int.from_bytes(socket.inet_pton(socket.AF_INET, text), "big"), networks_v4
        except (OSError, ValueError):
            return None
        for shift, listed in networks:
            if number >> shift in listed:
                return NO_CAPTURES
        return None

    return match


def _frozen(networks: dict[int, set[int]]) -> _Networks:
    return tuple((shift, frozenset(listed)) for shift, listed in sorted(networks.items()))


def _network(part: bytes) -> tuple[int, int]:
    """Return the bits that are not compared, and the address without them."""
    address, slash, length = part.partition(b"/")
    family, bits = (socket.AF_INET6, 128) if b":" in part else (socket.AF_INET, 32)
    with suppress(OSError, ValueError):
        number = int.from_bytes(socket.inet_pton(family, address.decode("ascii")), "big")
        if not slash:
            return 0, number
        if length.isdigit() and len(length) <= 3 and int(length) <= bits:
            return bits - int(length), number >> (bits - int(length))
    raise OperatorError(f"{part.decode('latin-1')!r} is no IP address and no network such as 192.0.2.0/24")

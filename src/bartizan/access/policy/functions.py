"""Functions for policies that CEL has not. What they raise makes the evaluation fail; it never has a value in it."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from bartizan.http.address import parse_address

__all__ = ["in_cidr", "number"]

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?")
"""A number as JSON writes it (RFC 8259 section 6), without exponent, and short enough for 64 bits."""


def in_cidr(address: str, network: str) -> bool:
    """Tell whether an address is in a network (RFC 4632); raises ``ValueError`` for what is none of these."""
    parsed, known = parse_address(address), _network(network)
    if parsed.version != known.version:
        return False
    return parsed.number >> (known.max_prefixlen - known.prefixlen) == _prefix(known)


def number(value: str | float) -> int | float:
    """Return a number, also from text; raises ``ValueError`` for text that writes none.

    What one server reads as a number and another does not (``007``, ``1e3``, ``0x10``, ``1,000``) is none.
    """
    if not isinstance(value, str):
        return value
    if _NUMBER.fullmatch(value) is None:
        raise ValueError("the text is not a plain number")
    return float(value) if "." in value else int(value)


@lru_cache(maxsize=1024)
def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=True)
    except ValueError:
        raise ValueError("the text is not a network") from None


def _prefix(network: IPv4Network | IPv6Network) -> int:
    return int(network.network_address) >> (network.max_prefixlen - network.prefixlen)

"""Writes small databases in MaxMind's DB format 2.0, which no package on the index writes."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

__all__ = ["write_mmdb"]

_SEPARATOR = bytes(16)
_MARKER = b"\xab\xcd\xefMaxMind.com"


class _Short(int):
    """A number of 16 bits; others have 32."""


class _Long(int):
    """A number of 64 bits."""


_KINDS = {_Short: 5, _Long: 9}


def write_mmdb(file: Path, records: Mapping[str, Any]) -> None:
    """Write a database with one record per IPv4 network; the networks do not overlap."""
    data = bytearray()
    nodes: list[list[int | None]] = [[None, None]]
    leaves: list[tuple[int, int, int]] = []
    for network, record in records.items():
        leaves.append((*_path(nodes, IPv4Network(network)), len(data)))
        data += _encode(record)
    count = len(nodes)
    for node, bit, offset in leaves:
        nodes[node][bit] = count + len(_SEPARATOR) + offset
    tree = b"".join(_three(count if value is None else value) for node in nodes for value in node)
    file.write_bytes(tree + _SEPARATOR + data + _MARKER + _encode(_metadata(count)))


def _path(nodes: list[list[int | None]], network: IPv4Network) -> tuple[int, int]:
    """Add the nodes that lead to a network; returns the last and which of its two sides the network is."""
    number, node = int(network.network_address), 0
    for level in range(network.prefixlen - 1):
        bit = number >> (31 - level) & 1
        following = nodes[node][bit]
        if following is None:
            following = nodes[node][bit] = len(nodes)
            nodes.append([None, None])
        node = following
    return node, number >> (32 - network.prefixlen) & 1


def _three(value: int) -> bytes:
    return value.to_bytes(3, "big")


def _metadata(count: int) -> dict[str, Any]:
    return {
        "binary_format_major_version": _Short(2),
        "binary_format_minor_version": _Short(0),
        "build_epoch": _Long(1_700_000_000),
        "database_type": "Test",
        "description": {"en": "for a test"},
        "ip_version": _Short(4),
        "languages": ["en"],
        "node_count": count,
        "record_size": _Short(24),
    }


def _encode(value: Any) -> bytes:
    if isinstance(value, str):
        text = value.encode()
        return _control(2, len(text)) + text
    if isinstance(value, float):
        return _control(3, 8) + struct.pack(">d", value)
    if isinstance(value, int):
        number = value.to_bytes(8, "big").lstrip(b"\0")
        return _control(_KINDS.get(type(value), 6), len(number)) + number
    if isinstance(value, dict):
        return _control(7, len(value)) + b"".join(_encode(part) for pair in value.items() for part in pair)
    return _control(11, len(value)) + b"".join(map(_encode, value))


def _control(kind: int, size: int) -> bytes:
    length = bytes((size - 29,)) if size >= 29 else b""
    short = min(size, 29)
    return (bytes((kind << 5 | short,)) if kind < 8 else bytes((short, kind - 7))) + length

"""Lists of networks: one address or network a line, read fast and strictly. Bad lines are set aside and counted.

Accepted is what RFC 4632 section 3.1 and RFC 4291 sections 2.2 and 2.3 write: no octal or short forms, no zones, no
netmasks, no host bits beyond the prefix. IPv4-mapped IPv6 networks are the IPv4 networks they stand for, as clients'
addresses are. Empty lines, and what follows ``#`` or ``;``, are skipped.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

import msgspec

__all__ = [
    "MAX_FILE_BYTES",
    "MAX_NETWORKS",
    "ListTooLong",
    "Network",
    "Networks",
    "Rejected",
    "Source",
    "format_network",
    "parse_network",
    "pieces",
    "read_lines",
]

MAX_FILE_BYTES = 128 * 2**20
MAX_NETWORKS = 8_000_000
MAX_LINE = 4096  # characters
MAX_REPORTED = 20
_PIECE = 2**20
_MAPPED = b"\0" * 10 + b"\xff\xff"
_MAPPED_NUMBER = 0xFFFF  # the same, of an address as an integer without its last 32 bits
_LENGTHS_V4 = {"": 32} | {str(length): length for length in range(33)}
_LENGTHS_V6 = {"": 128} | {str(length): length for length in range(129)}
_HOST_BITS_V4 = tuple((1 << 32 - length) - 1 for length in range(33))
_HOST_BITS_V6 = tuple((1 << 128 - length) - 1 for length in range(129))


class ListTooLong(ValueError):
    """A file or a set is larger than what is taken."""


class Network(NamedTuple):
    """IP version, first address as an integer, prefix length in bits."""

    version: int
    first: int
    length: int

    def __str__(self) -> str:
        return format_network(*self)


class Source(msgspec.Struct, frozen=True):
    """Where networks come from: ``networks`` in CIDR text, or the list file at ``path``. ``name`` is for people."""

    name: str
    networks: tuple[str, ...] = ()
    path: str | None = None


class Rejected(msgspec.Struct, frozen=True):
    """A line that is no address or network; ``value`` is shortened and safe to print."""

    file: str
    line: int
    value: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.value}: {self.reason}"


class Networks:
    """What was read of a set of lists, as integers that sort the way a compiled set needs it.

    A key is, from the left: first address (32 or 128 bits), prefix length (8), number of the source (16), line (32).
    """

    __slots__ = ("count", "rejected", "rejected_count", "sources", "v4", "v6")

    def __init__(self) -> None:
        self.v4: list[int] = []
        self.v6: list[int] = []
        self.sources: list[Source] = []
        self.count = 0
        """Networks read."""
        self.rejected: list[Rejected] = []
        """The first few lines that were set aside."""
        self.rejected_count = 0

    @classmethod
    def of(cls, networks: Iterable[str]) -> Networks:
        """Read CIDR text from memory."""
        read, texts = cls(), tuple(networks)
        read.begin(Source("the configuration", texts))
        read_lines(read, texts, 1)
        return read

    def begin(self, source: Source) -> None:
        """Say where the lines come from that are read next; raises ``ListTooLong`` past 65,536 sources."""
        if len(self.sources) > 0xFFFF:
            raise ListTooLong("more than 65536 list files")
        self.sources.append(source)

    def add(self, network: Network, line: int) -> None:
        """Add a network from a line of the current source."""
        keys = self.v4 if network.version == 4 else self.v6
        keys.append((network.first << 8 | network.length) << 48 | (len(self.sources) - 1) << 32 | line)

    def reject(self, line: int, text: str, reason: str) -> None:
        """Set a line of the current source aside."""
        self.rejected_count += 1
        if len(self.rejected) < MAX_REPORTED:
            self.rejected.append(Rejected(self.sources[-1].name, line, _printable(text), reason))


def parse_network(text: str) -> Network:
    """Read an address or CIDR; raises ``ValueError`` that says what is wrong with it."""
    address, slash, suffix = text.partition("/")
    family, bits, lengths = (socket.AF_INET6, 128, _LENGTHS_V6) if ":" in address else (socket.AF_INET, 32, _LENGTHS_V4)
    try:
        packed = socket.inet_pton(family, address)
    except (OSError, ValueError):
        raise ValueError("not an address or network") from None
    length = None if slash and not suffix else lengths.get(suffix)
    if length is None:
        raise ValueError(f"the prefix length has to be 0 to {bits}")
    if bits == 128 and length >= 96 and packed.startswith(_MAPPED):
        packed, bits, length = packed[12:], 32, length - 96
    first = int.from_bytes(packed, "big")
    version = 4 if bits == 32 else 6
    host_bits = first & ((1 << bits - length) - 1)
    if host_bits:
        network = format_network(version, first ^ host_bits, length)
        raise ValueError(f"bits are set after the prefix length; the network would be {network}")
    return Network(version, first, length)


def format_network(version: int, first: int, length: int) -> str:
    """Return a network as CIDR text, the address in canonical form (RFC 5952)."""
    if version == 4:
        return f"{first >> 24}.{first >> 16 & 255}.{first >> 8 & 255}.{first & 255}/{length}"
    return f"{socket.inet_ntop(socket.AF_INET6, first.to_bytes(16, 'big'))}/{length}"


def read_lines(networks: Networks, lines: Iterable[str], begin: int) -> None:
    """Add the networks of some lines, the first of which has the number ``begin``.

    Characters are bytes of the file (Latin-1). Raises ``ListTooLong`` past ``MAX_NETWORKS``.
    """
    pton, from_bytes = socket.inet_pton, int.from_bytes
    v4 = socket.AF_INET, _LENGTHS_V4, _HOST_BITS_V4, networks.v4.append
    v6 = socket.AF_INET6, _LENGTHS_V6, _HOST_BITS_V6, networks.v6.append
    origin = len(networks.sources) - 1 << 32
    for number, line in enumerate(lines, begin):
        address, slash, suffix = line.partition("/")
        family, lengths, host_bits, add = v6 if ":" in address else v4
        try:
            first = from_bytes(pton(family, address), "big")
            length = lengths[suffix]
        except (OSError, ValueError, KeyError):
            _read_line(networks, line, number)
            continue
        if first & host_bits[length] or first >> 32 == _MAPPED_NUMBER or (slash and not suffix):
            _read_line(networks, line, number)
        else:
            add((first << 8 | length) << 48 | origin | number)
    networks.count = len(networks.v4) + len(networks.v6)
    if networks.count > MAX_NETWORKS:
        raise ListTooLong(f"more than {MAX_NETWORKS} networks")


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file in pieces of whole lines, without the last line's end.

    Raises ``ListTooLong`` past ``MAX_FILE_BYTES``.
    """
    rest, total = b"", 0
    while piece := file.read(_PIECE):
        total += len(piece)
        if total > MAX_FILE_BYTES:
            raise ListTooLong(f"larger than {MAX_FILE_BYTES // 2**20} MiB")
        whole, newline, tail = piece.rpartition(b"\n")
        if newline:
            yield rest + whole
            rest = tail
        else:
            rest += piece
    if rest:
        yield rest


def _read_line(networks: Networks, line: str, number: int) -> None:
    if len(line) > MAX_LINE:
        networks.reject(number, line, f"longer than {MAX_LINE} characters")
        return
    text = line.partition("#")[0].partition(";")[0].strip()
    if not text:
        return
    try:
        network = parse_network(text)
    except ValueError as error:
        networks.reject(number, text, str(error))
    else:
        networks.add(network, number)


def _printable(text: str) -> str:
    shown = text[:80].encode("latin-1", "replace").decode("utf-8", "replace")
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in shown)

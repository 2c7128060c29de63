"""List files: one address or network a line. Read fast and strictly; bad lines are set aside and counted."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from bartizan.perimeter.denylist.prefixes import PrefixSet, PrefixSetError, Range, merge

__all__ = ["Networks", "PrefixStore", "Rejected", "parse_network", "read_lines"]

MAX_FILE_BYTES = 256 * 2**20
MAX_REPORTED = 20
SMALL = 1000  # networks up to which a set is not worth a file
_MAPPED = b"\0" * 10 + b"\xff\xff"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that is no address or network."""

    file: str
    line: int
    value: str


@dataclass(slots=True)
class Networks:
    """What was read: ranges of both versions, how many networks, and what was set aside."""

    v4: list[Range] = field(default_factory=list)
    v6: list[Range] = field(default_factory=list)
    count: int = 0
    rejected: int = 0
    examples: list[Rejected] = field(default_factory=list)

    def compile(self) -> PrefixSet:
        """Return the set."""
        return PrefixSet(merge(self.v4), merge(self.v6), self.count)


def parse_network(text: str) -> tuple[int, Range]:
    """Return (version, range) of an address or CIDR; raises ``ValueError``, also for host bits that are set.

    IPv4-mapped IPv6 networks are the IPv4 networks they stand for.
    """
    address, slash, length = text.partition("/")
    if ":" not in address:
        packed, bits = _pton(socket.AF_INET, address), 32
    else:
        packed, bits = _pton(socket.AF_INET6, address), 128
    prefix = _length(length, bits) if slash else bits
    if bits == 128 and packed.startswith(_MAPPED) and prefix >= 96:
        packed, bits, prefix = packed[12:], 32, prefix - 96
    number = int.from_bytes(packed, "big")
    mask = (1 << (bits - prefix)) - 1
    if number & mask:
        raise ValueError(f"{text!r} has host bits set")
    return (4 if bits == 32 else 6), (number, number | mask)


def read_lines(networks: Networks, file: str, lines: Iterable[str]) -> None:
    """Add the networks of a list to ``networks``. Empty lines and what follows ``#`` or ``;`` are skipped."""
    add4, add6 = networks.v4.append, networks.v6.append
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].partition(";")[0].strip()
        if not text:
            continue
        try:
            version, range_ = parse_network(text)
        except ValueError:
            networks.rejected += 1
            if len(networks.examples) < MAX_REPORTED:
                networks.examples.append(Rejected(file, number, text[:80]))
            continue
        networks.count += 1
        if version == 4:
            add4(range_)
        else:
            add6(range_)


class PrefixStore:
    """Compiled sets in ``directory``, named after the digest of what they were made from, shared by all processes."""

    def __init__(self, directory: Path, log: FilteringBoundLogger) -> None:
        self._directory = directory
        self._log = log

    def get(self, networks: Sequence[str], files: Sequence[str]) -> PrefixSet:
        """Return the set of CIDRs and list files, compiled now unless some process has done so. Raises ``OSError``."""
        if not files and len(networks) <= SMALL:
            return self._read(networks, ()).compile()
        compiled = self._directory / f"{self._key(networks, files)}.bzp"
        try:
            return PrefixSet.open(compiled)
        except (OSError, PrefixSetError):
            self._read(networks, files).compile().save(compiled)
            return PrefixSet.open(compiled)

    def prune(self, keep: int = 16) -> None:
        """Remove all but the ``keep`` sets that were compiled last."""
        compiled = sorted(self._directory.glob("*.bzp"), key=lambda file: file.stat().st_mtime, reverse=True)
        for file in compiled[keep:]:
            file.unlink(missing_ok=True)

    def _read(self, networks: Sequence[str], files: Sequence[str]) -> Networks:
        read = Networks()
        for text in networks:
            parsed = ip_network(text)
            read_lines(read, "bartizan.yaml", [str(parsed)])
        for name in files:
            path = Path(name)
            if path.stat().st_size > MAX_FILE_BYTES:
                raise OSError(f"{name} is larger than {MAX_FILE_BYTES} bytes")
            with path.open(encoding="utf-8", errors="replace") as file:
                read_lines(read, name, file)
        if read.rejected:
            examples = [f"{bad.file}:{bad.line}: {bad.value}" for bad in read.examples]
            self._log.warning("lines set aside: not an address or network", count=read.rejected, examples=examples)
        return read

    @staticmethod
    def _key(networks: Sequence[str], files: Sequence[str]) -> str:
        digest = hashlib.sha256("\n".join(networks).encode())
        for name in files:
            with Path(name).open("rb") as file:
                digest.update(b"\0" + name.encode() + b"\0" + hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()[:32]


def _pton(family: int, text: str) -> bytes:
    try:
        return socket.inet_pton(family, text)
    except (OSError, UnicodeError):
        raise ValueError(f"{text!r} is not an address") from None


def _length(text: str, bits: int) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 3 or int(text) > bits:
        raise ValueError(f"/{text} is not a prefix length")
    return int(text)

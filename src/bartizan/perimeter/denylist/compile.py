"""From lists to a compiled set on disk, named after the digest of what it was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bartizan.errors import ConfigError, Problem
from bartizan.perimeter.denylist.columns import compile_columns
from bartizan.perimeter.denylist.image import write_image
from bartizan.perimeter.denylist.lists import ListTooLong, Networks, Rejected, Source, pieces, read_lines

__all__ = ["SUFFIX", "CompileReport", "collect", "compile_prefixes", "digest_sources"]

SUFFIX = ".bzp"
_BOM = b"\xef\xbb\xbf"
_FIELD = "guards.denylist"


class CompileReport(msgspec.Struct, frozen=True):
    """What was compiled: the file and its bytes, networks read, lines set aside with the first few of them."""

    file: str
    size: int
    networks: int
    rejected_count: int
    rejected: list[Rejected]


def compile_prefixes(sources: Sequence[Source], directory: Path) -> CompileReport:
    """Read lists, compile them and write the set to ``directory``; the file appears whole or not at all.

    Raises ``ConfigError`` for a list that cannot be used, ``OSError`` if the set cannot be written.
    """
    digest = hashlib.sha256()
    read = collect(sources, digest)
    key = digest.digest()[:16]
    target = directory / (key.hex() + SUFFIX)
    size = write_image(compile_columns(read), target, key)
    return CompileReport(str(target), size, read.count, read.rejected_count, read.rejected)


def collect(sources: Sequence[Source], digest: hashlib._Hash | None = None) -> Networks:
    """Read all sources, adding what they consist of to ``digest``.

    Lines that are no network are set aside. A list file without a single network, but with such lines, is most likely
    not a list at all (a server's error page, say): it is refused. Raises ``ConfigError``.
    """
    networks = Networks()
    for source in sources:
        count, rejected = networks.count, networks.rejected_count
        with _usable(source):
            networks.begin(source)
            _read(source, networks, digest)
        if networks.count == count and networks.rejected_count > rejected:
            raise _unusable(source, "has no address or network, only other lines", "check where it was made")
    return networks


def digest_sources(sources: Sequence[Source]) -> bytes:
    """Return the key of the set that ``compile_prefixes`` would make now. Raises ``ConfigError``."""
    digest = hashlib.sha256()
    for source in sources:
        with _usable(source):
            _read(source, None, digest)
    return digest.digest()[:16]


@contextmanager
def _usable(source: Source) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unusable(source, f"cannot be read: {error.strerror}", "check path and permissions") from None
    except ListTooLong as error:
        raise _unusable(source, f"is {error}", "split the list, or leave out what is covered already") from None


def _read(source: Source, networks: Networks | None, digest: hashlib._Hash | None) -> None:
    if digest is not None:
        digest.update(msgspec.msgpack.encode(source))
    if networks is not None:
        read_lines(networks, source.networks, 1)
    if source.path is None:
        return
    line, size = 1, 0
    with Path(source.path).open("rb") as file:
        for piece in pieces(file):
            size += len(piece) + 1
            if digest is not None:
                digest.update(piece + b"\n")
            if networks is not None:
                text = piece.removeprefix(_BOM) if line == 1 else piece
                lines = text.replace(b"\r\n", b"\n").decode("latin-1").split("\n")
                read_lines(networks, lines, line)
                line += len(lines)
    if digest is not None:
        digest.update(size.to_bytes(8, "big"))


def _unusable(source: Source, message: str, remedy: str) -> ConfigError:
    return ConfigError([Problem(source.name, 0, 0, _FIELD, message, remedy=remedy)])

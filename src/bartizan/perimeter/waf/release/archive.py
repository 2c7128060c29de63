"""Unpacking archives: names, links, sizes and counts are checked, and only files of a rule set are written."""

from __future__ import annotations

import io
import posixpath
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from bartizan.perimeter.waf.release.errors import ReleaseError
from bartizan.perimeter.waf.release.files import MAX_FILE, is_wanted

__all__ = ["read_archive", "unpack"]

MAX_ARCHIVE = 64 * 2**20  # bytes
MAX_MEMBERS = 20_000
MAX_TOTAL = 128 * 2**20  # bytes, unpacked
MAX_NAME = 512  # characters
CHUNK = 256 * 1024
_UNREADABLE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    ValueError,
    RuntimeError,  # encrypted, or by a method that is not implemented
)


def read_archive(path: Path) -> bytes:
    """Return the bytes of an archive, so that what is checked is what is unpacked. Raises ``ReleaseError``."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_ARCHIVE + 1)
    except OSError as error:
        raise ReleaseError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > MAX_ARCHIVE:
        raise ReleaseError(f"{path} is larger than {MAX_ARCHIVE} bytes, which no release of CRS is")
    return data


def unpack(archive: bytes, directory: Path) -> None:
    """Write the files of a rule set in an archive (tar, compressed or not, or zip) to an empty directory.

    Other files are left out. Raises ``ReleaseError`` for an archive that would write elsewhere, or too much.
    """
    writer = _Writer(directory)
    try:
        if zipfile.is_zipfile(io.BytesIO(archive)):
            _unzip(archive, writer)
        else:
            _untar(archive, writer)
    except _UNREADABLE as error:
        raise ReleaseError(f"the archive cannot be read: {error}") from error
    except OSError as error:
        raise ReleaseError(f"the archive cannot be unpacked: {error}") from error


class _Writer:
    """Writes members of an archive, within limits."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._members = 0
        self._left = MAX_TOTAL

    def wants(self, name: str) -> bool:
        """Check the name of a member, and tell whether it is a file that a rule set has."""
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise ReleaseError(f"the archive has more than {MAX_MEMBERS} members, which no release of CRS has")
        _check_name(name)
        return is_wanted(PurePosixPath(name))

    def link(self, name: str, target: str) -> None:
        """Check a link, which is left out; a rule set has none."""
        if is_wanted(PurePosixPath(name)):
            raise ReleaseError(f"the archive has a link instead of a file: {name!r}")
        if target.startswith("/") or posixpath.normpath(posixpath.join(posixpath.dirname(name), target))[:2] == "..":
            raise ReleaseError(f"the archive has a link out of it: {name!r}")

    def write(self, name: str, source: Iterator[bytes]) -> None:
        """Write a member, whose name was checked."""
        path = self._directory / PurePosixPath(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        size = 0
        with path.open("xb") as file:
            for chunk in source:
                size += len(chunk)
                self._left -= len(chunk)
                if self._left < 0:
                    raise ReleaseError(f"the archive is larger than {MAX_TOTAL} bytes when unpacked")
                if size > MAX_FILE:
                    raise ReleaseError(f"the archive's {name!r} is larger than {MAX_FILE} bytes")
                file.write(chunk)


def _check_name(name: str) -> None:
    parts = name.split("/")
    if not name or len(name) > MAX_NAME or name.startswith("/") or ".." in parts or not name.isprintable():
        raise ReleaseError(f"the archive has a member with an unsafe name: {name[:80]!r}")
    if "\\" in name or ":" in parts[0]:
        raise ReleaseError(f"the archive has a member with an unsafe name: {name[:80]!r}")


def _untar(archive: bytes, writer: _Writer) -> None:
    with tarfile.open(fileobj=io.BytesIO(_decompressed(archive)), mode="r:") as tar:
        for member in tar:
            name = member.name.rstrip("/") or "."
            wanted = writer.wants(name)
            if member.issym():
                writer.link(name, member.linkname)
            elif member.islnk():
                writer.link("x", member.linkname)  # its target counts from the root
            elif wanted and member.isreg() and (source := tar.extractfile(member)) is not None:
                writer.write(name, _chunks(source))


def _decompressed(archive: bytes) -> bytes:
    """Return a tar file out of gzip, whole and so within bounds whatever its headers say."""
    if not archive.startswith(b"\x1f\x8b"):
        return archive
    unpacking = zlib.decompressobj(wbits=31)
    data = unpacking.decompress(archive, MAX_TOTAL + 1)
    if len(data) > MAX_TOTAL:
        raise ReleaseError(f"the archive is larger than {MAX_TOTAL} bytes when unpacked")
    if not unpacking.eof:
        raise ReleaseError("the archive ends too early")
    return data


def _chunks(source: IO[bytes]) -> Iterator[bytes]:
    while chunk := source.read(CHUNK):
        yield chunk


def _unzip(archive: bytes, writer: _Writer) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        for info in packed.infolist():
            wanted = writer.wants(info.filename.rstrip("/") or ".")
            if stat.S_ISLNK(info.external_attr >> 16):
                with packed.open(info) as source:
                    writer.link(info.filename, source.read(MAX_NAME).decode("utf-8", "replace"))
            elif wanted and not info.is_dir():
                with packed.open(info) as source:
                    writer.write(info.filename, _chunks(source))

"""Scripts, styles and images: read once, served under the digest of them all, so that browsers may keep them for ever.

One digest for all lets modules import each other by relative paths.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Asset", "Assets"]

BASE = "/.bartizan/static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file with its media type."""

    data: bytes
    content_type: str


class Assets:
    """The files of one directory, by their path in it."""

    def __init__(self, files: Mapping[str, Asset]) -> None:
        self._files = dict(files)
        digest = hashlib.sha256()
        for name in sorted(self._files):
            digest.update(name.encode() + b"\0" + hashlib.sha256(self._files[name].data).digest())
        self.digest = digest.hexdigest()[:20]

    @classmethod
    def load(cls, directory: Path = Path(__file__).parent / "static") -> Assets:
        """Read every file of a known type below ``directory``."""
        found = (path for path in directory.rglob("*") if path.suffix in _TYPES and path.is_file())
        return cls(
            {path.relative_to(directory).as_posix(): Asset(path.read_bytes(), _TYPES[path.suffix]) for path in found}
        )

    def url(self, name: str) -> str:
        """Return the path of a file for pages; raises ``KeyError`` if there is no such file."""
        if name not in self._files:
            raise KeyError(name)
        return f"{BASE}/{self.digest}/{name}"

    def get(self, digest: str, name: str) -> Asset | None:
        """Return a file, or None if there is none, or none of this version."""
        return self._files.get(name) if digest == self.digest else None

    def named(self, name: str) -> Asset | None:
        """Return a file whatever its version, for the few that have a path of their own."""
        return self._files.get(name)

"""The script and the style of the page: part of the package, read once, served by the edge itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Response

__all__ = ["ANSWERS", "SCRIPT", "STYLE", "File", "Files"]

ANSWERS = "/.bartizan/challenge"
"""Where answers are sent to."""
SCRIPT, STYLE = f"{ANSWERS}.js", f"{ANSWERS}.css"
_STATIC = Path(__file__).parent / "static"
_NAMES = {
    SCRIPT: ("challenge.js", b"text/javascript; charset=utf-8"),
    STYLE: ("challenge.css", b"text/css; charset=utf-8"),
}
_FOR_EVER = b"public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class File:
    """A file; ``version`` is the query that names its content."""

    data: bytes
    media_type: bytes
    version: str


class Files:
    """The files by their path."""

    def __init__(self, files: Mapping[str, File]) -> None:
        self._files = files

    @classmethod
    def load(cls) -> Files:
        """Read them."""
        return cls({path: _file((_STATIC / name).read_bytes(), kind) for path, (name, kind) in _NAMES.items()})

    def url(self, path: str) -> str:
        """Return the URL of a file for pages; with another content it is another one."""
        return f"{path}?{self._files[path].version}"

    def response(self, path: str, query: bytes | None) -> Response | None:
        """Return the answer for a path, None if no file is there. Browsers keep what they asked for by its version."""
        file = self._files.get(path)
        if file is None:
            return None
        known = query is not None and query == file.version.encode("ascii")
        fields = [
            (b"content-type", file.media_type),
            (b"cache-control", _FOR_EVER if known else b"no-cache"),
            (b"content-security-policy", b"default-src 'none'"),  # of the worker, which asks for nothing
            (b"cross-origin-resource-policy", b"same-origin"),
            (b"x-content-type-options", b"nosniff"),
        ]
        return Response(200, Headers(fields), Body.of(file.data), len(file.data))


def _file(data: bytes, media_type: bytes) -> File:
    return File(data, media_type, hashlib.sha256(data).hexdigest()[:16])

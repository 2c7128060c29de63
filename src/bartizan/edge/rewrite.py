"""What the upstream sees instead of what the client sent, compiled once per route."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bartizan.config.model import HeaderEdits, Rewrite
from bartizan.http.headers import Headers
from bartizan.pipeline import Exchange

__all__ = ["CompiledRewrite", "compile_rewrite"]

Fields = list[tuple[bytes, bytes]]
PathRewrite = Callable[[str], str]

_PARAMETER = re.compile(r"\{(\w{1,63})\}")


class _Edits:
    """Header changes: first remove, then set, then add."""

    __slots__ = ("_added", "_gone")

    def __init__(self, edits: HeaderEdits) -> None:
        pairs = (*edits.set.items(), *edits.add.items())
        self._added = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
        self._gone = frozenset(name.lower().encode("latin-1") for name in (*edits.remove, *edits.set))

    def __call__(self, fields: Fields) -> Fields:
        kept = [field for field in fields if field[0] not in self._gone] if self._gone else fields
        return kept + self._added if self._added else kept


class CompiledRewrite:
    """A route's rewrite; ``paths`` are those of the route, and what each one's path becomes is worked out once."""

    __slots__ = ("_host", "_paths", "_request", "_response")

    def __init__(self, rewrite: Rewrite, paths: Sequence[str]) -> None:
        self._paths = {pattern: _path_rewrite(rewrite, pattern) for pattern in paths} if _changes_path(rewrite) else {}
        self._host = None if rewrite.host is None else rewrite.host.encode("ascii")
        self._request = _Edits(rewrite.request_headers)
        self._response = _Edits(rewrite.response_headers)

    def path(self, path: str, pattern: str) -> str:
        """Return the path that the upstream sees for a normalised one that ``pattern``, one of the route's, fits."""
        rewritten = self._paths.get(pattern)
        return path if rewritten is None else rewritten(path)

    def request(self, exchange: Exchange, target: bytes, host: bytes, fields: Fields) -> tuple[bytes, bytes, Fields]:
        """Return target, Host and header fields as the upstream sees them; ``fields`` stays as it is."""
        if self._paths and exchange.route is not None:
            request = exchange.request
            path = self.path(request.path, exchange.route.template).encode("ascii")
            target = path if request.query is None else b"%b?%b" % (path, request.query)
        return target, self._host or host, self._request(fields)

    def response(self, headers: Headers) -> None:
        """Change the response's headers in place."""
        headers.items = self._response(headers.items)


def compile_rewrite(rewrite: Rewrite, paths: Sequence[str]) -> CompiledRewrite | None:
    """Return the compiled form for a route with ``paths``, or None where there is nothing to change."""
    return None if rewrite == Rewrite() else CompiledRewrite(rewrite, paths)


def _changes_path(rewrite: Rewrite) -> bool:
    return rewrite.path is not None or rewrite.prefix is not None


def _path_rewrite(rewrite: Rewrite, pattern: str) -> PathRewrite | None:
    if rewrite.path is not None:
        return _whole(rewrite.path, pattern)
    if rewrite.prefix is not None and pattern.endswith("/*"):
        return _prefix(rewrite.prefix.rstrip("/"), pattern.count("/"))
    return None


def _whole(path: str, pattern: str) -> PathRewrite:
    """Put segments of the request's path where ``path`` names their parameters: as they are, so still escaped."""
    segments = {part[1:-1]: at for at, part in enumerate(pattern.split("/")) if part.startswith("{")}
    literals = _PARAMETER.split(path)
    places = [segments[name] for name in literals[1::2]]
    template = "%s".join(literal.replace("%", "%%") for literal in literals[::2])
    if not places:
        return lambda _: path

    def rewritten(requested: str) -> str:
        parts = requested.split("/")
        return template % tuple([parts[at] for at in places])

    return rewritten


def _prefix(prefix: str, depth: int) -> PathRewrite:
    """Replace the first ``depth - 1`` segments: ``/old/*`` by ``/new`` leads from ``/old`` to ``/new``."""

    def rewritten(requested: str) -> str:
        if requested == "*":  # OPTIONS for the whole server
            return requested
        rest = requested.split("/", depth)[depth:]
        return f"{prefix}/{rest[0]}" if rest else prefix or "/"

    return rewritten

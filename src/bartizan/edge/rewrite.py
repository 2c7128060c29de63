"""What the upstream sees instead of what the client sent, compiled once per route."""

from __future__ import annotations

from urllib.parse import quote

from bartizan.config.model import HeaderEdits, Rewrite
from bartizan.http.headers import Headers
from bartizan.pipeline import Exchange

__all__ = ["CompiledRewrite", "compile_rewrite"]

Fields = list[tuple[bytes, bytes]]


class _Edits:
    """Header changes: first remove, then set, then add."""

    __slots__ = ("_added", "_gone")

    def __init__(self, edits: HeaderEdits) -> None:
        pairs = (*edits.set.items(), *edits.add.items())
        self._added = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
        self._gone = frozenset(name.lower().encode("latin-1") for name in (*edits.remove, *edits.set))

    def __call__(self, fields: Fields) -> Fields:
        return [field for field in fields if field[0] not in self._gone] + self._added


class CompiledRewrite:
    """A route's rewrite. Paths are those of the normalised request; ``prefix`` replaces what the pattern matched."""

    __slots__ = ("_host", "_path", "_prefix", "_request", "_response")

    def __init__(self, rewrite: Rewrite) -> None:
        self._prefix = rewrite.prefix
        self._path = rewrite.path
        self._host = None if rewrite.host is None else rewrite.host.encode("ascii")
        self._request = _Edits(rewrite.request_headers)
        self._response = _Edits(rewrite.response_headers)

    def path(self, path: str, template: str, exchange: Exchange) -> str:
        """Return the path that the upstream sees."""
        if self._path is not None:
            whole = self._path
            for name, value in exchange.parameters.items():
                whole = whole.replace(f"{{{name}}}", quote(value, safe=""))
            return whole
        if self._prefix is not None and template.endswith("/*"):
            depth = template.count("/")
            rest = path.split("/", depth)[depth:]
            return self._prefix.rstrip("/") + "/" + (rest[0] if rest else "")
        return path

    def request(self, exchange: Exchange, target: bytes, host: bytes, fields: Fields) -> tuple[bytes, bytes, Fields]:
        """Return target, Host and header fields as the upstream sees them."""
        if exchange.route is not None and (self._path is not None or self._prefix is not None):
            path = self.path(exchange.request.path, exchange.route.template, exchange).encode("ascii")
            query = exchange.request.query
            target = path if query is None else b"%b?%b" % (path, query)
        return target, self._host or host, self._request(fields)

    def response(self, headers: Headers) -> None:
        """Change the response's headers in place."""
        headers.items = self._response(headers.items)


def compile_rewrite(rewrite: Rewrite) -> CompiledRewrite | None:
    """Return the compiled form, or None where there is nothing to change."""
    return None if rewrite == Rewrite() else CompiledRewrite(rewrite)

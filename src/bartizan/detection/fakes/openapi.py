"""OpenAPI 3.0 and 3.1: which operations there are, and what their responses look like. Nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bartizan.detection.fakes.plain import Json, Lookup, Schema, lookup_in
from bartizan.detection.fakes.reading import MAX_BYTES, read_document
from bartizan.errors import OpenApiError

__all__ = ["OpenApi", "Operation", "ResponseKind"]

MAX_PATHS = 2000
MAX_TEMPLATE = 1000  # characters
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, slots=True)
class ResponseKind:
    """One response of an operation. ``schema`` is None where the document has none; ``example`` is one of its own."""

    status: int
    media_type: str
    schema: Schema | None
    example: Json = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of a path template, with its responses in order of their status."""

    template: str
    method: str
    wants_json: bool
    wants_credentials: bool
    responses: tuple[ResponseKind, ...]

    @property
    def success(self) -> ResponseKind:
        """The first response of class 2xx; 200 without a body if there is none."""
        return next((each for each in self.responses if 200 <= each.status < 300), ResponseKind(200, "", None))

    def error(self, status: int) -> ResponseKind | None:
        """Return the response for an error, None if the document has none."""
        return next((each for each in self.responses if each.status == status), None)


class OpenApi:
    """One document. ``document`` is where its references lead."""

    def __init__(self, document: Mapping[str, object], name: str) -> None:
        self.document = document
        self._lookup: Lookup = lookup_in(document)
        self._prefixes = _prefixes(document)
        self._operations: dict[str, dict[str, Operation]] = {}
        self._exact: dict[str, str] = {}
        self._templates: dict[int, list[tuple[tuple[str, ...], str]]] = {}
        self._numbers: dict[str, frozenset[str]] = {}
        version = document.get("openapi")
        if not isinstance(version, str) or not version.startswith(("3.0", "3.1")):
            raise OpenApiError(f"{name}: openapi: {str(version)[:20]} cannot be read. Convert it to 3.0 or 3.1")
        paths = document.get("paths")
        if not isinstance(paths, Mapping) or not paths:
            raise OpenApiError(f"{name}: paths: there are none. Name a document with the paths of the API")
        if len(paths) > MAX_PATHS:
            raise OpenApiError(f"{name}: paths: {len(paths)}, {MAX_PATHS} are the most. Split the document by upstream")
        for template, item in paths.items():
            if not template.startswith("/") or len(template) > MAX_TEMPLATE or not isinstance(item, Mapping):
                raise OpenApiError(f"{name}: paths: {template[:80]} is no path item. Paths begin with /")
            self._add(template, item)

    @classmethod
    def read(cls, data: bytes, name: str) -> OpenApi:
        """Read JSON or YAML; ``name`` is what errors call it. Raises ``OpenApiError``."""
        return cls(read_document(data, name), name)

    @classmethod
    def load(cls, path: Path) -> OpenApi:
        """Read a file; raises ``OpenApiError``."""
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise OpenApiError(f"{path}: {error.strerror}. Correct deception.divert.openapi") from None
        return cls.read(data, str(path))

    def find(self, method: str, path: str) -> Operation | None:
        """Return the operation for a method and a concrete path (percent-encoded), None if there is none."""
        return self._at(path).get(method.upper())

    def methods(self, path: str) -> list[str]:
        """Return the methods of a concrete path; none if the document does not know it."""
        return list(self._at(path))

    def templates(self) -> list[str]:
        """Return all path templates, in the document's order."""
        return list(self._operations)

    def _add(self, template: str, item: Mapping[str, object]) -> None:
        item = self._lookup(item)
        found = {
            method.upper(): self._operation(template, method, operation)
            for method in _METHODS
            if isinstance(operation := item.get(method), Mapping)
        }
        self._operations[template] = found
        self._numbers[template] = self._whole_numbers(item)
        if "{" not in template:
            self._exact[template] = template
            return
        segments = tuple(template.split("/"))
        row = self._templates.setdefault(len(segments), [])
        row.append((segments, template))
        row.sort(key=lambda each: sum("{" in segment for segment in each[0]))  # the most concrete first

    def _at(self, path: str) -> Mapping[str, Operation]:
        for prefix in self._prefixes:
            if not path.startswith(prefix):
                continue
            rest = path[len(prefix) :] or "/"
            template = self._exact.get(rest) or self._match(rest)
            if template is not None:
                return self._operations[template]
        return {}

    def _match(self, path: str) -> str | None:
        segments = path.split("/")
        for pattern, template in self._templates.get(len(segments), ()):
            numbers = self._numbers[template]
            if all(
                _segment_fits(each, segment) and (each not in numbers or segment.lstrip("-").isdecimal())
                for each, segment in zip(pattern, segments, strict=True)
            ):
                return template
        return None

    def _whole_numbers(self, item: Mapping[str, object]) -> frozenset[str]:
        """Return the segments of a template, ``{id}``, that stand for whole numbers."""
        rows = [
            item.get("parameters"),
            *(each.get("parameters") for each in item.values() if isinstance(each, Mapping)),
        ]
        out = set()
        for parameter in (each for row in rows if isinstance(row, list) for each in row if isinstance(each, Mapping)):
            known = self._lookup(parameter)
            schema = known.get("schema")
            described = self._lookup(schema) if isinstance(schema, Mapping) else {}
            if known.get("in") == "path" and described.get("type") == "integer":
                out.add(f"{{{known.get('name')}}}")
        return frozenset(out)

    def _operation(self, template: str, method: str, operation: Mapping[str, object]) -> Operation:
        body = operation.get("requestBody")
        content = self._lookup(body).get("content") if isinstance(body, Mapping) else None
        security = operation.get("security", self.document.get("security"))
        return Operation(
            template=template,
            method=method.upper(),
            wants_json=isinstance(content, Mapping) and any("json" in kind for kind in content),
            wants_credentials=isinstance(security, list) and bool(security) and {} not in security,
            responses=tuple(sorted(self._responses(operation.get("responses")), key=lambda each: each.status)),
        )

    def _responses(self, responses: object) -> Iterator[ResponseKind]:
        if not isinstance(responses, Mapping):
            return
        for code, response in responses.items():
            status = int(code) if code.isdecimal() and len(code) == 3 else _CLASSES.get(code.upper())
            if status is None or not 200 <= status <= 599 or not isinstance(response, Mapping):
                continue
            content = self._lookup(response).get("content")
            media = content if isinstance(content, Mapping) else {}
            kind = next((each for each in media if "json" in each), next(iter(media), ""))
            described = media.get(kind)
            yield _kind(status, kind, described if isinstance(described, Mapping) else {}, self._lookup)


_CLASSES = {"2XX": 200, "4XX": 400, "5XX": 500}


def _kind(status: int, media_type: str, described: Mapping[str, object], lookup: Lookup) -> ResponseKind:
    schema = described.get("schema")
    example = described.get("example")
    examples = described.get("examples")
    if example is None and isinstance(examples, Mapping):
        first = next(iter(examples.values()), None)
        example = lookup(first).get("value") if isinstance(first, Mapping) else None
    known = schema if isinstance(schema, Mapping | bool) else None
    return ResponseKind(status, media_type, known, _json(example))


def _json(value: object) -> Json:
    if isinstance(value, Mapping):
        return {str(name): _json(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_json(item) for item in value]
    return value if isinstance(value, str | int | float | bool) else None


def _segment_fits(pattern: str, segment: str) -> bool:
    """Tell whether a segment fits one of a template: ``{id}``, ``{name}.json``, ``v1``."""
    before, opened, rest = pattern.partition("{")
    if not opened:
        return pattern == segment
    after = rest.rpartition("}")[2]
    return segment.startswith(before) and segment.endswith(after) and len(segment) > len(before) + len(after)


def _prefixes(document: Mapping[str, object]) -> tuple[str, ...]:
    """Return what stands before the paths: those of ``servers``, the longest first, and nothing."""
    servers = document.get("servers")
    found = {""}
    for server in servers[:16] if isinstance(servers, list) else ():
        url = server.get("url") if isinstance(server, Mapping) else None
        if isinstance(url, str) and "{" not in url:
            place = url.partition("://")[2].partition("/")[2] if "://" in url else url.lstrip("/")
            found.add(("/" + place).rstrip("/"))
    return tuple(sorted(found, key=len, reverse=True))

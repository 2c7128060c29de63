"""What is known of upstreams: their profiles, as the edge has learned them, and their OpenAPI documents.

Answers look like those that were seen. A document says what an answer holds where too few were, and what requests need.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bartizan.decoy.answers import Example, Knowledge
from bartizan.decoy.asked import Asked, Fields
from bartizan.detection.fakes import Json, Keyed, OpenApi, Operation, ResponseKind, fake_document
from bartizan.detection.profile import Profile, Shape, read_profile

__all__ = ["Known", "Library"]

MAX_TEMPLATES = 50  # that are looked through for an error
ENOUGH = 16  # responses from which on what was seen counts more than what a document says
FRESH = 2.0  # seconds after which a profile is read again
MADE = 256  # documents that are kept, so that who asks again does not wait for them to be made again
_HARMLESS = Shape()
_Basis = tuple[dict[str, object], float]
_Made = OrderedDict[tuple[str, str, str, str], tuple[_Basis, Json]]


class Known:
    """One upstream, for one request. ``now`` is Unix time in seconds."""

    def __init__(
        self, key: bytes, profile: Profile, document: OpenApi | None, asked: Asked, now: float, made: _Made
    ) -> None:
        self._fakes = Keyed(key, "fakes", asked.context.upstream)
        self._visit = Keyed(key, "visit", asked.context.exchange)
        self._profile = profile
        self._document = document
        self._asked = asked
        self._now = now
        self._made_before = made

    def example(self, method: str, path: str, number: int = 0) -> Example | None:
        """Return the success that was seen, or that the document describes, with fakes in it."""
        if not self._exists(path):
            return None
        fakes = self._fakes if number == 0 else self._fakes.sub("made", number)
        operation = None if self._document is None else self._document.find(method, self._asked.context.path)
        shape = self._profile.shape(method, path)
        if shape is not None and (operation is None or shape.count >= ENOUGH):
            return self._seen(shape, method, path, fakes, operation)
        return None if operation is None else self._described(operation, fakes)

    def methods(self, path: str) -> list[str]:
        """Return the methods that are known for a path."""
        if not self._exists(path):
            return []
        described = [] if self._document is None else self._document.methods(self._asked.context.path)
        return list(dict.fromkeys([*described, *self._profile.methods(path)]))

    def error(self, status: int, path: str) -> tuple[Fields, bytes] | None:
        """Return an error as it was seen; else as the document describes it, for this path or any."""
        host = self._asked.field(b"host")
        seen = self._profile.error(status, path, self._visit, self._now, method=self._asked.method, host=host)
        if seen is not None:
            return _framed(*seen), seen[1]
        kind = next((kind for kind in self._errors(status) if kind.schema is not None), None)
        if kind is None:
            return None
        body = self.encode(self._made(kind, self._fakes))
        return self.fields(status, kind.media_type, body, path), body

    def fields(self, status: int, media_type: str, body: bytes, path: str) -> Fields:  # noqa: ARG002
        """Return header fields as they were seen, and the length of the body."""
        return _framed(self._profile.headers(status, media_type, body, self._visit, self._now), body)

    def encode(self, document: Json) -> bytes:
        """Return JSON as it was seen at this path, or anywhere."""
        asked, shapes = self._asked, self._profile.shapes
        own = self._profile.shape(asked.method, asked.path) or self._profile.shape("GET", asked.path)
        return (own or next(iter(shapes.values()), _HARMLESS)).encode(document)

    def latency(self, uniform: float, method: str, status: int) -> float:
        """Return a time as it was measured."""
        return self._profile.latency(uniform, method, status, self._asked.path)

    def _seen(self, shape: Shape, method: str, path: str, fakes: Keyed, operation: Operation | None) -> Example:
        """Return what was seen; a document says what requests need."""
        return Example(
            shape.status,
            shape.media_type,
            self._fake(method, path, fakes),
            wants_json=shape.wants_json or (operation is not None and operation.wants_json),
            wants_credentials=operation is not None and operation.wants_credentials,
        )

    def _fake(self, method: str, path: str, fakes: Keyed) -> Json:
        """Return what was seen with fakes in it; the one that was made before, if it would be the same."""
        basis = self._profile.basis(method, path)
        if basis is None:
            return None
        key = self._asked.context.upstream, method, path, self._asked.query
        kept = self._made_before.get(key) if fakes is self._fakes else None
        if kept is not None and kept[0] == basis:
            self._made_before.move_to_end(key)
            return kept[1]
        document = fake_document(basis[0], fakes, path, until=basis[1], query=self._asked.query)
        if fakes is self._fakes:
            self._made_before[key] = basis, document
            self._made_before.move_to_end(key)
            if len(self._made_before) > MADE:
                self._made_before.popitem(last=False)
        return document

    def _described(self, operation: Operation, fakes: Keyed) -> Example:
        kind = operation.success
        made = self._made(kind, fakes)
        is_text = isinstance(made, str) and "json" not in kind.media_type
        return Example(
            status=kind.status,
            media_type=kind.media_type,
            document=None if is_text else made,
            body=made.encode() if isinstance(made, str) and is_text else b"",
            wants_json=operation.wants_json,
            wants_credentials=operation.wants_credentials,
        )

    def _exists(self, path: str) -> bool:
        """Tell whether there may be an object with the id at a path's end: not far beyond those that were seen."""
        last = path.rstrip("/").rpartition("/")[2]
        if not (last.isascii() and last.isdecimal()):
            return True
        top = self._profile.highest_id(path)
        return top is None or 0 < int(last[:19]) <= top

    def _errors(self, status: int) -> Iterator[ResponseKind]:
        document = self._document
        if document is None:
            return
        for path in (self._asked.context.path, *document.templates()[:MAX_TEMPLATES]):
            for method in document.methods(path):
                operation = document.find(method, path)
                kind = None if operation is None else operation.error(status)
                if kind is not None:
                    yield kind

    def _made(self, kind: ResponseKind, fakes: Keyed) -> Json:
        if kind.schema is None or self._document is None:
            return kind.example
        return fake_document(
            kind.schema, fakes, self._asked.context.path, root=self._document.document, query=self._asked.query
        )


class Library:
    """Finds what is known of the upstream in whose place a request is answered; ``documents`` are files by upstream.

    ``profiles`` is the directory where the edge writes what it learns, ``clock`` Unix time in seconds. Raises
    ``OpenApiError`` for a document that cannot be read.
    """

    def __init__(
        self,
        key: bytes,
        profiles: Path,
        documents: Mapping[str, str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key = key
        self._directory = profiles
        self._documents = {upstream: OpenApi.load(Path(path)) for upstream, path in documents.items()}
        self._clock = clock
        self._profiles: dict[str, tuple[float, Profile]] = {}
        self._made: _Made = OrderedDict()

    def __call__(self, asked: Asked) -> Knowledge:
        """Return it."""
        upstream = asked.context.upstream
        profile, document = self._profile(upstream), self._documents.get(upstream)
        return Known(self._key, profile, document, asked, self._clock(), self._made)

    def _profile(self, upstream: str) -> Profile:
        now = self._clock()
        read, profile = self._profiles.get(upstream, (0.0, Profile()))
        if now - read > FRESH:
            profile = read_profile(self._directory, upstream) or profile
            self._profiles[upstream] = now, profile
        return profile


def _framed(fields: Fields, body: bytes) -> Fields:
    return [*fields, (b"content-length", b"%d" % len(body))]

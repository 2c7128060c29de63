"""What is known of upstreams: their profiles, as the edge has learned them, and their OpenAPI documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from bartizan.decoy.answers import Example, Knowledge
from bartizan.decoy.asked import Asked, Fields
from bartizan.detection.fakes import Json, Keyed, OpenApi, ResponseKind, fake_document

__all__ = ["Described", "Library", "Unknown"]

MAX_TEMPLATES = 50  # that are looked through for an error


class Unknown:
    """An upstream of which nothing is known yet: it has no paths, and errors without a body."""

    def example(self, method: str, path: str, number: int = 0) -> Example | None:  # noqa: ARG002
        """Return nothing."""
        return None

    def methods(self, path: str) -> list[str]:  # noqa: ARG002
        """Return none."""
        return []

    def error(self, status: int, path: str) -> tuple[Fields, bytes] | None:  # noqa: ARG002
        """Return nothing."""
        return None

    def fields(self, status: int, media_type: str, body: bytes, path: str) -> Fields:  # noqa: ARG002
        """Return what every response has."""
        typed = [(b"content-type", media_type.encode("latin-1"))] if media_type else []
        return [*typed, (b"content-length", b"%d" % len(body))]

    def encode(self, document: Json) -> bytes:
        """Return it without white space."""
        return msgspec.json.encode(document)

    def latency(self, uniform: float) -> float:
        """Return between 10 and 40 ms."""
        return 0.01 + 0.03 * uniform


class Described(Unknown):
    """An upstream with an OpenAPI document. ``path`` is what it would have been asked for, percent-encoded."""

    def __init__(self, key: bytes, document: OpenApi, path: str) -> None:
        self._keyed = Keyed(key, "openapi")
        self._document = document
        self._path = path

    def example(self, method: str, path: str, number: int = 0) -> Example | None:  # noqa: ARG002
        """Return the success that the document describes, with fakes in it."""
        operation = self._document.find(method, self._path)
        if operation is None:
            return None
        kind = operation.success
        return Example(
            status=kind.status,
            media_type=kind.media_type,
            document=self._made(kind, number),
            wants_json=operation.wants_json,
            wants_credentials=operation.wants_credentials,
        )

    def methods(self, path: str) -> list[str]:  # noqa: ARG002
        """Return those of the document."""
        return self._document.methods(self._path)

    def error(self, status: int, path: str) -> tuple[Fields, bytes] | None:
        """Return the error as the document describes it for this path, or else for the first that has it."""
        kind = next((kind for kind in self._errors(status) if kind.schema is not None), None)
        if kind is None:
            return None
        body = self.encode(self._made(kind, 0))
        return self.fields(status, kind.media_type, body, path), body

    def _errors(self, status: int) -> Iterator[ResponseKind]:
        for path in (self._path, *self._document.templates()[:MAX_TEMPLATES]):
            for method in self._document.methods(path):
                operation = self._document.find(method, path)
                kind = None if operation is None else operation.error(status)
                if kind is not None:
                    yield kind

    def _made(self, kind: ResponseKind, number: int) -> Json:
        if kind.schema is None:
            return kind.example
        keyed = self._keyed if number == 0 else self._keyed.sub("made", number)
        return fake_document(kind.schema, keyed, self._path, root=self._document.document)


class Library:
    """Finds what is known of the upstream in whose place a request is answered; ``documents`` are files by upstream.

    Raises ``OpenApiError`` for a document that cannot be read.
    """

    def __init__(self, key: bytes, documents: Mapping[str, str]) -> None:
        self._key = key
        self._documents = {upstream: OpenApi.load(Path(path)) for upstream, path in documents.items()}

    def __call__(self, asked: Asked) -> Knowledge:
        """Return it."""
        document = self._documents.get(asked.context.upstream)
        return Unknown() if document is None else Described(self._key, document, asked.context.path)

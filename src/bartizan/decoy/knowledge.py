"""What is known of upstreams: their profiles, as the edge has learned them, and their OpenAPI documents."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from bartizan.decoy.answers import Example, Knowledge
from bartizan.decoy.asked import Asked, Fields
from bartizan.decoy.objects import Json

__all__ = ["Library", "Unknown"]


class Unknown:
    """An upstream of which nothing is known yet: it has no paths, and errors without a body."""

    def example(self, method: str, path: str) -> Example | None:  # noqa: ARG002
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


class Library:
    """Finds what is known of the upstream in whose place a request is answered."""

    def __init__(self, key: bytes, profiles: Path, documents: Mapping[str, str]) -> None:
        self._key = key
        self._profiles = profiles
        self._documents = documents

    def __call__(self, asked: Asked) -> Knowledge:  # noqa: ARG002
        """Return it."""
        return Unknown()

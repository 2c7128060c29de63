"""What a diverted request is answered with: what the real upstream might have said, from all that is known of it.

    unknown path ─▶ its 404      known path, unknown method ─▶ its 405      no credentials, some needed ─▶ its 401
    body that is no JSON where JSON is wanted ─▶ its 400
    GET, HEAD ─▶ a fake, or what this actor has written      POST, PUT, PATCH, DELETE ─▶ accepted, and kept

Fakes depend on the path and a secret key alone, so that the same question has the same answer on each machine, and what
a list names is what its detail page shows.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

import msgspec

from bartizan.decoy.asked import Answer, Asked, Fields
from bartizan.decoy.objects import Json, id_of, overlay, parse, with_id, with_written
from bartizan.decoy.writes import MAX_OBJECTS, Gone, Writes

__all__ = ["DecoyAnswers", "Example", "Knowledge"]

_READS = frozenset(("GET", "HEAD"))
_WRITES = frozenset(("POST", "PUT", "PATCH"))
_CREDENTIALS = (b"authorization", b"cookie", b"x-api-key")
_JSON = "application/json"
_BARE = (204, 205, 304)
_NEAREST = {405: (405, 404), 400: (400, 422), 401: (401, 403), 410: (410, 404)}
"""Which errors are looked for where one is due, the best first."""


class Example(msgspec.Struct, frozen=True):
    """A successful response as the upstream might give it; ``document`` is None where it has no JSON."""

    status: int
    media_type: str
    document: Json = None
    body: bytes = b""
    """Where there is no JSON."""
    wants_json: bool = False
    """Whether the request's body has to be JSON."""
    wants_credentials: bool = False


class Knowledge(Protocol):
    """What is known of one upstream. Paths are those that the client asked for, percent-encoded."""

    def example(self, method: str, path: str, number: int = 0) -> Example | None:
        """Return how it answers, None if it does not know the path, or not with this method.

        ``number`` counts what was made there before: other numbers make other objects.
        """
        ...

    def methods(self, path: str) -> list[str]:
        """Return the methods that it knows for a path; none if it does not know the path."""
        ...

    def error(self, status: int, path: str) -> tuple[Fields, bytes] | None:
        """Return how it answers with an error, None if that was never seen."""
        ...

    def fields(self, status: int, media_type: str, body: bytes, path: str) -> Fields:
        """Return the header fields of a response, in its order, framing included."""
        ...

    def encode(self, document: Json) -> bytes:
        """Return a document as the upstream writes JSON."""
        ...

    def latency(self, uniform: float, method: str, status: int) -> float:
        """Return the time in seconds that an answer takes, for a number between 0 and 1."""
        ...


class DecoyAnswers:
    """Answers. ``knowledge`` returns what is known of an upstream by name; ``uniform`` draws numbers for times."""

    def __init__(
        self,
        knowledge: Callable[[Asked], Knowledge],
        writes: Writes,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        self._knowledge = knowledge
        self._writes = writes
        self._uniform = uniform

    def answer(self, asked: Asked) -> Answer:
        """Return the answer."""
        known = self._knowledge(asked)
        status, fields, body = self._decide(asked, known)
        return Answer(
            status, fields, b"" if status in _BARE else body, known.latency(self._uniform(), asked.method, status)
        )

    def _decide(self, asked: Asked, known: Knowledge) -> tuple[int, Fields, bytes]:
        method, path = asked.method, asked.path
        example = known.example("GET" if method == "HEAD" else method, path)
        if example is None:
            return self._unknown(asked, known)
        if example.wants_credentials and not any(asked.field(name) for name in _CREDENTIALS):
            return _error(known, 401, path)
        given: Json = None
        if method in _WRITES and (example.wants_json or "json" in asked.field(b"content-type")):
            try:
                given = parse(asked.body)
            except ValueError:
                return _error(known, 400, path)
        if method in _READS:
            return self._read(asked, known, example)
        if method == "DELETE":
            return self._delete(asked, known, example)
        return self._write(asked, known, example, given)

    def _unknown(self, asked: Asked, known: Knowledge) -> tuple[int, Fields, bytes]:
        """Answer what the upstream does not know, unless the actor has written it."""
        written = self._writes.get(asked.context.actor, asked.path)
        if asked.method in _READS and isinstance(written, bytes):
            return _success(known, Example(200, _JSON, parse(written)), asked.path)
        methods = known.methods(asked.path)
        if not methods:
            return _error(known, 404, asked.path)
        status, fields, body = _error(known, 405, asked.path)
        allowed = ", ".join(methods).encode("ascii")
        return status, [(name, allowed if name == b"allow" else value) for name, value in fields], body

    def _read(self, asked: Asked, known: Knowledge, example: Example) -> tuple[int, Fields, bytes]:
        actor, path = asked.context.actor, asked.path
        written = self._writes.get(actor, path)
        if isinstance(written, Gone):
            return _error(known, 404, path)
        if written is not None:
            return _success(known, msgspec.structs.replace(example, document=parse(written)), path)
        below = [
            (name, None if isinstance(each, Gone) else parse(each)) for name, each in self._writes.below(actor, path)
        ]
        if below and example.document is not None:
            example = msgspec.structs.replace(example, document=with_written(example.document, below))
        return _success(known, example, path)

    def _write(self, asked: Asked, known: Knowledge, example: Example, given: Json) -> tuple[int, Fields, bytes]:
        """Accept what is written, and keep it where it will be asked for."""
        actor, path = asked.context.actor, asked.path
        document = overlay(example.document, given)
        if asked.method == "POST":
            document, place = self._new(asked, known, document, given)
        else:
            place = path
            before = self._writes.get(actor, path)
            base = known.example("GET", path)
            if isinstance(before, bytes):
                document = overlay(parse(before), given)
            elif document is None and base is not None:  # 204: there is nothing to show, but something to keep
                document = overlay(base.document, given)
        if place is not None and document is not None:
            self._writes.put(actor, place, msgspec.json.encode(document))
        if example.document is None:
            return _success(known, example, path)
        return _success(known, msgspec.structs.replace(example, document=document), path)

    def _new(self, asked: Asked, known: Knowledge, document: Json, given: Json) -> tuple[Json, str | None]:
        """Return an object that this actor has not made yet, and its path, None if it is not one with an id."""
        first = id_of(document)
        for number in range(MAX_OBJECTS + 1):
            made = id_of(document)
            if first is None or made is None:
                return document, None
            place = f"{asked.path.rstrip('/')}/{made}"
            if self._writes.get(asked.context.actor, place) is None:
                return document, place
            if first.isdecimal():
                document = with_id(document, str(int(first) + number + 1))
            else:
                other = known.example(asked.method, asked.path, number + 1)
                document = document if other is None else overlay(other.document, given)
        return document, None

    def _delete(self, asked: Asked, known: Knowledge, example: Example) -> tuple[int, Fields, bytes]:
        if isinstance(self._writes.get(asked.context.actor, asked.path), Gone):
            return _error(known, 404, asked.path)
        self._writes.delete(asked.context.actor, asked.path)
        return _success(known, example, asked.path)


def _success(known: Knowledge, example: Example, path: str) -> tuple[int, Fields, bytes]:
    body = example.body if example.document is None else known.encode(example.document)
    if example.status in _BARE:
        body = b""
    return example.status, known.fields(example.status, example.media_type, body, path), body


def _error(known: Knowledge, status: int, path: str) -> tuple[int, Fields, bytes]:
    """Answer with the upstream's own error, or the nearest that is known."""
    for near in _NEAREST.get(status, (status,)):
        found = known.error(near, path)
        if found is not None:
            return (status, *found)
    return status, known.fields(status, "", b"", path), b""

"""The profile of an upstream: all that is known of what its responses look like."""

from __future__ import annotations

import msgspec

from bartizan.detection.fakes.documents import fake_document
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.plain import Json, number_of
from bartizan.detection.profile.error_bodies import ErrorBodies
from bartizan.detection.profile.fields import Fields
from bartizan.detection.profile.latency import Latencies
from bartizan.detection.profile.schemas import Shape, objects_in, schema_of
from bartizan.detection.profile.shapes import Node
from bartizan.detection.profile.templates import path_template

__all__ = ["Profile", "kind_of", "pace_of"]

MAX_KINDS = 64
MAX_SHAPES = 256
MAX_PACES = 24
ENOUGH = 16  # times or objects of one path template, or ids between the least and the highest
MAX_BYTES = 2**20  # of a profile
_FASTEST, _SLOWEST = 0.010, 0.040  # seconds, where nothing is known
_KINDS = ("int", "uuid", "hex", "token", "text")
_READS = frozenset(("GET", "HEAD", "OPTIONS"))


class Profile(msgspec.Struct, omit_defaults=True):
    """What was learned of one upstream, in bounds; two of them can be merged, in any order."""

    version: int = 1
    kinds: dict[str, Fields] = {}
    """Header fields by ``200 application/json``."""
    errors: dict[str, ErrorBodies] = {}
    latencies: dict[str, Latencies] = {}
    """By ``read`` and ``write``, with the status for errors: ``write 401`` takes as long as a password hash."""
    shapes: dict[str, Shape] = {}
    """By ``GET /orders/{int}``."""

    @classmethod
    def decode(cls, data: bytes) -> Profile:
        """Read what ``encode`` wrote; raises ``msgspec.MsgspecError`` for anything else."""
        if len(data) > MAX_BYTES:
            raise msgspec.ValidationError(f"{len(data)} bytes, {MAX_BYTES} are the most")
        return msgspec.msgpack.decode(data, type=cls)

    def encode(self, limit: int = MAX_BYTES) -> bytes:
        """Return it as bytes (MessagePack); the largest shapes are forgotten until it has no more than ``limit``."""
        data = msgspec.msgpack.encode(self)
        while len(data) > limit and self.shapes:
            del self.shapes[max(self.shapes, key=lambda key: len(msgspec.msgpack.encode(self.shapes[key])))]
            data = msgspec.msgpack.encode(self)
        return data

    def headers(self, status: int, media_type: str, body: bytes, keyed: Keyed, now: float) -> list[tuple[bytes, bytes]]:
        """Return the header fields of a response, in the upstream's order and without framing.

        ``keyed`` is the visit's own row (what differs from visit to visit comes from it); ETag and Last-Modified come
        from its key and the body alone. ``now`` is Unix time in seconds. Where the kind is unknown it is the nearest
        one; where nothing is known there is Content-Type alone.
        """
        fields = self._fields(status, media_type)
        if fields is None:
            return [(b"content-type", media_type.encode("latin-1", "replace"))] if media_type else []
        return fields.make(media_type, body, keyed, now)

    def error(
        self, status: int, path: str, keyed: Keyed, now: float, *, method: str = "GET", host: str = ""
    ) -> tuple[list[tuple[bytes, bytes]], bytes] | None:
        """Return header fields and body of an error for a request (path percent-encoded); None if none was seen."""
        template = path_template(path) or ""
        best = None
        for kind, bodies in self.errors.items():
            if not kind.startswith(f"{status} "):
                continue
            found = bodies.find(template)
            if found is not None and (best is None or found.count > best[1].count):
                best = kind, found
        if best is None:
            return None
        kind, found = best
        body = found.make(path, method, host, keyed.sub("error"), now)
        return self.headers(status, kind.partition(" ")[2], body, keyed, now), body

    def latency(self, uniform: float, method: str = "GET", status: int = 200, path: str = "") -> float:
        """Return seconds from request to response head, for a number from 0 to 1 that is drawn for each visit.

        ``path`` is one with success whose own times count, if enough of them are known.
        """
        shape = self.shape(method, path) if path and status < 300 else None
        if shape is not None and shape.times is not None and len(shape.times.times) >= ENOUGH:
            return shape.times.at(uniform)
        pace = pace_of(method, status)
        found = self.latencies.get(pace)
        if found is None:
            kind, _, error = pace.partition(" ")
            near = [each for each in self.latencies if each.partition(" ")[2] == error]  # another method
            near = near or [each for each in self.latencies if error and each.startswith(f"{kind} ")]
            near = [each for each in near or self.latencies if self.latencies[each].times]
            found = max((self.latencies[each] for each in near), key=lambda each: each.seen, default=None)
        return _FASTEST + (_SLOWEST - _FASTEST) * uniform if found is None else found.at(uniform)

    def shape(self, method: str, path: str) -> Shape | None:
        """Return what successful responses look like for a method and a concrete path; None if none was seen."""
        template = self._known(path)
        return None if template is None else self.shapes.get(f"{method} {template}")

    def fake(self, method: str, path: str, keyed: Keyed) -> Json:
        """Return a fake body for a method and a concrete path, None where there is no JSON or nothing is known.

        With the same ``keyed``, the items of a list are what their own pages show.
        """
        basis = self.basis(method, path)
        return None if basis is None else fake_document(basis[0], keyed, path, until=basis[1])

    def basis(self, method: str, path: str) -> tuple[dict[str, object], float] | None:
        """Return all that fakes for a path depend on besides their key: a schema, and before when their times are.

        None where there is no JSON or nothing is known.
        """
        shape = self.shape(method, path)
        return None if shape is None else shape.basis(self._partner(path, shape))

    def highest_id(self, path: str) -> float | None:
        """Return the number that ids of the objects at a concrete path do not exceed, as far as was seen.

        None where ids are no numbers, or where too few were seen to tell.
        """
        shape = self.shape("GET", path)
        found = None if shape is None or shape.node is None else objects_in(shape.node)
        if shape is None or found is None or "[]" in found[0] or shape.count < ENOUGH:
            return None
        partner = self._partner(path, shape)
        ids = Node()
        for each in (found[1], partner):
            ids.merge(Node() if each is None else each.members.get("id", Node()))
        described = schema_of(ids)
        return number_of(described.get("maximum")) if ids.high - ids.low >= ENOUGH else None

    def _partner(self, path: str, shape: Shape) -> Node | None:
        """Return what the objects of a page look like elsewhere: in the list above it, on the pages below it."""
        template = self._known(path)
        found = None if shape.node is None else objects_in(shape.node)
        if template is None or found is None:
            return None
        if "[]" in found[0]:
            below = [self.shapes.get(f"GET {template.rstrip('/')}/{{{kind}}}") for kind in _KINDS]
            other = next((each for each in below if each is not None), None)
        else:
            other = self.shapes.get(f"GET {template.rstrip('/').rpartition('/')[0]}")
        objects = None if other is None or other.node is None else objects_in(other.node)
        return None if objects is None or ("[]" in objects[0]) == ("[]" in found[0]) else objects[1]

    def methods(self, path: str) -> list[str]:
        """Return the methods that were seen with success for a concrete path."""
        template = self._known(path)
        return [key.partition(" ")[0] for key in self.shapes if key.partition(" ")[2] == template]

    def templates(self) -> list[str]:
        """Return the path templates that were seen with success, each once."""
        return list(dict.fromkeys(key.partition(" ")[2] for key in self.shapes))

    def merge(self, other: Profile) -> None:
        """Take in what was learned elsewhere; ``other`` may be changed by it, and is not to be used any more."""
        for kind, fields in other.kinds.items():
            if kind in self.kinds:
                self.kinds[kind].merge(fields)
            elif len(self.kinds) < MAX_KINDS:
                self.kinds[kind] = fields
        for kind, bodies in other.errors.items():
            if kind in self.errors:
                self.errors[kind].merge(bodies)
            elif len(self.errors) < MAX_KINDS:
                self.errors[kind] = bodies
        for pace, times in other.latencies.items():
            if pace in self.latencies or len(self.latencies) < MAX_PACES:
                self.latencies.setdefault(pace, Latencies()).merge(times)
        for key, shape in other.shapes.items():
            self.place(key, shape.last).merge(shape)

    def place(self, key: str, now: float) -> Shape:
        """Return the shape for a method and template, made if it is new; the one that was idle longest makes room."""
        shape = self.shapes.get(key)
        if shape is None:
            if len(self.shapes) >= MAX_SHAPES:
                del self.shapes[min(self.shapes, key=lambda each: self.shapes[each].last)]
            shape = self.shapes[key] = Shape(last=now)
        return shape

    def _known(self, path: str) -> str | None:
        """Return the template that a concrete path has here: one of its words may be the name of an object."""
        template = path_template(path)
        if template is None:
            return None
        known = self.templates()
        if template in known:
            return template
        segments = template.split("/")
        for index in range(len(segments) - 1, 0, -1):
            named = "/".join([*segments[:index], "{text}", *segments[index + 1 :]])
            if named in known:
                return named
        return template

    def _fields(self, status: int, media_type: str) -> Fields | None:
        kind = kind_of(status, media_type)
        found = self.kinds.get(kind)
        if found is not None:
            return found
        media = kind.partition(" ")[2]
        near = [each for each in self.kinds if each.startswith(f"{status} ")]
        near = near or [each for each in self.kinds if each.partition(" ")[2] == media]
        near = near or [each for each in self.kinds if each[0] == str(status)[0]] or list(self.kinds)
        return max((self.kinds[each] for each in near), key=lambda fields: fields.count, default=None)


def kind_of(status: int, media_type: str) -> str:
    """Return the name of a kind of response: ``200 application/json``."""
    return f"{status} {media_type.partition(';')[0].strip().lower()[:64]}"


def pace_of(method: str, status: int) -> str:
    """Return which responses take about as long: ``read``, ``write``, ``read 404``."""
    kind = "read" if method in _READS else "write"
    return f"{kind} {status}" if status >= 400 else kind

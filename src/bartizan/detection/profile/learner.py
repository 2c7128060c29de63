"""Learns the profile of one upstream from a sample of its responses."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from urllib.parse import quote, unquote

import msgspec

from bartizan.detection.fakes.plain import Json
from bartizan.detection.profile.candidates import Candidates
from bartizan.detection.profile.error_bodies import MAX_BYTES as MAX_ERROR
from bartizan.detection.profile.error_bodies import ErrorBodies, ErrorMemory
from bartizan.detection.profile.fields import Fields
from bartizan.detection.profile.latency import Latencies
from bartizan.detection.profile.profile import MAX_KINDS, MAX_PACES, Profile, kind_of, pace_of
from bartizan.detection.profile.schemas import TIMES, style_of
from bartizan.detection.profile.shapes import MAX_MEMBERS, Node, learn
from bartizan.detection.profile.templates import path_template
from bartizan.http.message import Request, Response

__all__ = ["Learner"]

RATE = 5.0  # responses a second that are looked at; as many errors besides
MAX_BODY = 32 * 1024  # bytes
_CREDENTIALS = (b"authorization", b"cookie", b"x-api-key")
MAX_NAMED = 256  # collections whose objects have names in their paths
_MAX_PLAIN = 256 * 1024  # bytes after decompression
_DECODER = msgspec.json.Decoder()


class Learner:
    """Takes in responses of one upstream. ``fresh`` is what was learned since it was last taken away."""

    def __init__(self, uniform: Callable[[], float] = random.random) -> None:
        self.fresh = Profile()
        self.learned = 0
        """Responses that were looked at."""
        self._uniform = uniform
        self._candidates = Candidates()
        self._errors = ErrorMemory()
        self._named: set[str] = set()
        self._next = [0.0, 0.0]
        self._passed = [False, False]

    def wants(self, status: int, at: float) -> bool:
        """Tell whether to look at a response now; ``at`` is any clock that runs on, in seconds.

        Of many it is the second one after a pause: before the first, less happens than before others (a pause ends
        rather in a long gap than in a short one), and who comes after a long gap waits longer.
        """
        kind = status >= 400
        due = self._next[kind]
        if at < due:
            return False
        if at < due + 1 / RATE and not self._passed[kind]:
            self._passed[kind] = True
            return False
        self._passed[kind] = False
        self._next[kind] = at + 1 / RATE
        return True

    def take(self) -> Profile:
        """Return what was learned since the last time, and begin anew."""
        taken, self.fresh = self.fresh, Profile()
        return taken

    def head(self, request: Request, response: Response, who: str, seconds: float, now: float) -> int:
        """Take in the head of a response.

        ``who`` names the client, ``seconds`` is how long the head took, ``now`` is Unix time. Returns how many bytes of
        the body are wanted besides.
        """
        self.learned += 1
        status = response.status
        media = (response.headers.get(b"content-type") or b"").decode("latin-1")
        kind = kind_of(status, media)
        fresh = self.fresh
        if kind in fresh.kinds or len(fresh.kinds) < MAX_KINDS:
            fields = fresh.kinds.setdefault(kind, Fields())
            fields.learn(response.headers.items, kind, _asker(request, who), self._candidates, response.length)
        pace = pace_of(request.method, status)
        if pace in fresh.latencies or len(fresh.latencies) < MAX_PACES:
            fresh.latencies.setdefault(pace, Latencies()).learn(seconds, self._uniform)
        shape = fresh.shapes.get(f"{request.method} {path_template(request.path)}") if status < 300 else None
        if shape is not None:
            shape.times = shape.times or Latencies(size=TIMES)
            shape.times.learn(seconds, self._uniform)
        if request.method == "HEAD" or response.length == 0:
            if status < 300:
                self._shape(request, status, media, None, now)
            return 0
        if status >= 400:
            return MAX_ERROR if response.length is None or response.length <= MAX_ERROR else 0
        if not 200 <= status < 300:
            return 0
        if "json" not in kind:
            self._shape(request, status, media, None, now)
            return 0
        return MAX_BODY if response.length is None or response.length <= MAX_BODY else 0

    def body(self, request: Request, response: Response, data: bytes, now: float, who: str = "") -> None:
        """Take in a whole body that ``head`` wanted; ``who`` names the client."""
        plain = _plain(data, response.headers.get(b"content-encoding"))
        if plain is None:
            return
        media = (response.headers.get(b"content-type") or b"").decode("latin-1")
        if response.status >= 400:
            self._error(request, response.status, media, plain, who)
            return
        self._shape(request, response.status, media, plain, now)

    def _error(self, request: Request, status: int, media: str, body: bytes, who: str) -> None:
        kind = kind_of(status, media)
        errors = self.fresh.errors
        if kind not in errors and len(errors) >= MAX_KINDS:
            return
        path = quote(request.path, safe="/%:@!$&'()*+,;=~-._")
        template = path_template(request.path) or ""
        known = any(name in request.headers for name in _CREDENTIALS)
        said = None if known or request.length != 0 else _said(request)
        asker = _asker(request, who)
        sure = self._errors.learn(kind, body, path, request.method, request.authority, template, asker, said)
        if sure is not None:
            errors.setdefault(kind, ErrorBodies()).add(sure)

    def _shape(self, request: Request, status: int, media: str, body: bytes | None, now: float) -> None:
        if request.method == "HEAD":
            return
        document: Json = None
        if body is not None:
            try:
                document = _DECODER.decode(body)
            except (msgspec.DecodeError, RecursionError):
                return
        template = self._template(request.path, document)
        if template is None:
            return
        key = f"{request.method} {template}"
        shape = self.fresh.place(key, now)
        shape.status, shape.media_type, shape.last = status, media, now
        shape.count += 1
        shape.wants_json = shape.wants_json or b"json" in (request.headers.get(b"content-type") or b"")
        if body is not None:
            shape.style = style_of(body)
            shape.node = shape.node or Node()
            learn(shape.node, document, key, hash(request.path), self._candidates)
            shape.bound()

    def _template(self, path: str, document: Json) -> str | None:
        """Return the template of a path; segments that name an object, as its page shows, are not in it."""
        template = path_template(path)
        if template is None:
            return None
        segments = template.split("/")
        own = unquote(path.rpartition("/")[2]).lower()
        if own and isinstance(document, dict) and len(self._named) < MAX_NAMED:
            values = list(document.values())[:MAX_MEMBERS]
            if any(isinstance(value, str) and value.lower() == own for value in values):
                self._named.add("/".join(segments[:-1]))
        if not self._named:
            return template
        out: list[str] = []
        for segment in segments:
            named = segment and not segment.startswith("{") and "/".join(out) in self._named
            out.append("{text}" if named else segment)
        return "/".join(out)


def _asker(request: Request, who: str) -> int:
    """Return a number for whom a response may speak to: who has credentials is one, whatever they ask for."""
    for name in _CREDENTIALS:
        credential = request.headers.get(name)
        if credential is not None:
            return hash(credential)
    return hash((who, request.path))


def _said(request: Request) -> frozenset[str]:
    """Return the words of a request's path and query, as an error may repeat them."""
    text = unquote(request.path + "/" + (request.query or b"").decode("latin-1").replace("+", " "))
    words = "".join([letter if letter.isalnum() else " " for letter in text]).split()
    return frozenset((*words, *text.split("/"), *text.replace("&", "=").split("=")))


def _plain(data: bytes, coding: bytes | None) -> bytes | None:
    """Return a body without its content coding, None if it is one that is not read here or too large."""
    if coding is None or coding == b"identity":
        return data
    if coding not in (b"gzip", b"x-gzip", b"deflate"):
        return None
    unpack = zlib.decompressobj(wbits=47 if coding != b"deflate" else 15)
    try:
        plain = unpack.decompress(data, _MAX_PLAIN)
    except zlib.error:
        return None
    return None if unpack.unconsumed_tail else plain

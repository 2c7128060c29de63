"""The guard ``announcements``: names a few decoys where intruders read which paths there are.

/robots.txt ─▶ upstream ─▶ 200: rules are put in; 404: one of our own
/openapi.json ─▶ upstream ─▶ 200, JSON: operations are put in

What the client has already is told by the changed text, so that its conditions are not for the upstream.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from bartizan.detection.announcements.choice import ROBOTS, Announced
from bartizan.detection.announcements.openapi import document
from bartizan.detection.announcements.robots import disallow, robots
from bartizan.detection.edits.responses import editable, is_json, put, want_whole
from bartizan.detection.edits.validators import is_current, resized, retag
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.profile.profile import Profile
from bartizan.http.headers import Headers
from bartizan.http.message import Response
from bartizan.pipeline import Exchange

__all__ = ["AnnouncementGuard"]

MAX_RESPONSE = 1_048_576  # bytes of a response that are held
MAX_KEPT = 4  # changes that are kept, so that a document is read once
_PLAIN = "200 text/plain"
_OF_CONTENT = frozenset(
    b"content-type content-language content-encoding etag last-modified allow content-security-policy".split()
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The conditions of a request for a place where decoys are named: If-None-Match and If-Modified-Since."""

    none_match: bytes | None
    since: bytes | None


class AnnouncementGuard:
    """Names decoys on one route. It has no verdict and no signal.

    ``profile`` is that of the route's upstream; ``clock`` is Unix time in seconds.
    """

    name = "announcements"
    plain_responses = False

    def __init__(self, announced: Announced, profile: Callable[[], Profile], clock: Callable[[], float]) -> None:
        self._announced = announced
        self.only_paths = frozenset(announced.paths)
        self._profile = profile
        self._clock = clock
        self._kept: dict[tuple[bytes, tuple[str, ...]], bytes] = {}

    async def on_request(self, exchange: Exchange) -> None:
        """See to it that the response is whole."""
        request = exchange.request
        if request.method not in ("GET", "HEAD"):
            return
        headers = request.headers
        exchange.notes[self.name] = _Asked(headers.get(b"if-none-match"), headers.get(b"if-modified-since"))
        headers.remove(b"if-none-match")
        headers.remove(b"if-modified-since")
        want_whole(headers)

    def hold_response(self, exchange: Exchange) -> int:
        """Want texts in which decoys can be named, and the answer that there is no robots.txt."""
        response = exchange.response
        if self.name not in exchange.notes or response is None:
            return 0
        if exchange.request.path == ROBOTS:
            wanted = response.status == 404 or (response.status == 200 and _is_text(response.headers))
        else:
            wanted = response.status == 200 and is_json(response.headers)
        return MAX_RESPONSE if wanted and editable(response, MAX_RESPONSE) else 0

    async def on_response_body(self, exchange: Exchange, body: bytes, *, complete: bool) -> None:
        """Name decoys in what is whole."""
        asked, response, request = exchange.notes.get(self.name), exchange.response, exchange.request
        if not complete or response is None or not isinstance(asked, _Asked):
            return
        disallowed, operations = self._unknown()
        new, tag = body, response.headers.get(b"etag")
        if response.status == 404:
            if not disallowed:
                return
            new = robots(disallowed)
            self._become(exchange, response, new)
            tag = response.headers.get(b"etag")
        elif request.method == "HEAD":
            response.length = None  # RFC 9110 section 9.3.2: what only the content would tell may be left out
            response.headers.remove(b"etag")
            return
        else:
            new = self._changed(request.path, body, disallowed if request.path == ROBOTS else operations)
            if tag is not None and new != body:
                tag = resized(tag, body, new) or retag(tag, body, new, self._announced.key) or tag
        current = is_current(asked.none_match, asked.since, tag, response.headers.get(b"last-modified"))
        if current or new != body:
            put(request, response, new, tag, current=current)

    def _unknown(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return what is named in robots.txt and in documents, without paths that the upstream itself has.

        A decoy stands back there, and a path that is real is nobody's to give away.
        """
        real, announced = self._profile().templates(), self._announced
        return (
            tuple(path for path in announced.disallowed if not any(each.startswith(path) for each in real)),
            tuple(path for path in announced.operations if path not in real),
        )

    def _changed(self, path: str, body: bytes, named: tuple[str, ...]) -> bytes:
        """Return a text with decoys named in it; what is no such text as it is."""
        key = hashlib.blake2b(body, digest_size=16).digest(), named
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        try:
            if path == ROBOTS:
                return disallow(body, named)
            new = document(body, named, Keyed(self._announced.key, "place"))
        except ValueError:
            new = body
        while len(self._kept) >= MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = new
        return new

    def _become(self, exchange: Exchange, response: Response, text: bytes) -> None:
        """Turn the answer that there is no robots.txt into one.

        Its header fields are those that the upstream gives texts; if it has given none, those of the answer but for
        what they say of its content.
        """
        profile, exchange.made_up = self._profile(), True
        if _PLAIN in profile.kinds:
            keyed = Keyed(self._announced.key, "visit", exchange.id)
            fields = profile.headers(200, "text/plain", text, keyed, self._clock())
            response.headers.items = [field for field in fields if field[0] not in (b"content-length", b"set-cookie")]
        else:
            fields = response.headers.items
            kept = [field for field in fields if field[0] not in _OF_CONTENT]
            names = [name for name, _ in fields if name not in _OF_CONTENT or name == b"content-type"]
            place = names.index(b"content-type") if b"content-type" in names else len(kept)
            kept.insert(place, (b"content-type", b"text/plain; charset=utf-8"))
            response.headers.items = kept
        response.status = 200
        response.length = len(text)


def _is_text(headers: Headers) -> bool:
    return (headers.get(b"content-type") or b"").partition(b";")[0].strip().lower() == b"text/plain"

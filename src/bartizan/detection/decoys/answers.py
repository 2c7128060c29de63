"""What decoys answer: their content, made once when a configuration is built, in the shape of the upstream's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Literal

from bartizan.detection.decoys.likeness import Likenesses
from bartizan.detection.decoys.model import Content, Decoy, Maker
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.profile.profile import Profile
from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Response

__all__ = ["Answers", "Tried"]

_OF_RANGES = (b"content-length", b"content-range", b"etag", b"last-modified", b"accept-ranges")
_ERRORS = {"forbidden": 403, "login": 401}
Tried = Literal["", "form", "json"]
"""How credentials came: not at all, as forms send them, as JSON."""
Secret = Callable[[str, str], str]
"""Makes a honeytoken, given the name of its form and where it is planted."""


class Answers:
    """The contents of decoys. ``key`` is of decoys alone, the same on all machines."""

    def __init__(self, key: bytes, decoys: Iterable[Decoy], secret: Secret) -> None:
        """Make what can be made beforehand; raises ``ValueError`` for a honeytoken that there is none of."""
        self._key = key
        decoys = list(decoys)
        self.likenesses = Likenesses(key, decoys)
        self._made: dict[str, Content] = {}
        self._refusals: dict[str, Content] = {}
        for decoy in decoys:
            maker = _maker(key, decoy, secret)
            if decoy.write is not None:
                content = decoy.write(maker)
                self._made[decoy.path] = content if decoy.status is None else replace(content, status=decoy.status)
            if decoy.refusal is not None:
                self._refusals[decoy.path] = decoy.refusal(maker)

    def content(self, decoy: Decoy, profile: Profile, tried: Tried = "") -> Content | None:
        """Return what a decoy answers in the shape of an upstream; None for an error as the upstream has them.

        ``tried`` is how credentials came. A program that speaks JSON gets the refusal of the upstream's own logins.
        """
        if tried == "json" and decoy.kind == "login" and any(kind.startswith("401 ") for kind in profile.errors):
            return None
        if tried and (refusal := self._refusals.get(decoy.path)) is not None:
            return refusal
        if decoy.like is not None and (alike := self.likenesses.content(decoy, profile)) is not None:
            return alike
        return self._made.get(decoy.path)

    def response(
        self, decoy: Decoy, profile: Profile, visit: str, now: float, *, method: str, tried: Tried = ""
    ) -> Response:
        """Return a whole response; ``visit`` names the exchange, ``now`` is Unix time in seconds."""
        keyed, content = Keyed(self._key, "visit", visit), self.content(decoy, profile, tried)
        if content is None:
            status = decoy.status or _ERRORS.get(decoy.kind, 404)
            fields, body = profile.error(status, decoy.path, keyed, now, method=method) or _plain_error(
                profile, status, keyed, now
            )
        else:
            status, body = content.status, content.body
            fields = profile.headers(status, content.media_type, body, keyed, now)
        headers = Headers([(name, value) for name, value in fields if name != b"content-length"])
        sent = b"" if method == "HEAD" else body
        return Response(status, headers, Body.of(sent), len(body))

    def out_of_range(self, decoy: Decoy, profile: Profile, visit: str, now: float, size: int) -> Response:
        """Return the answer to a range behind the end of a content of ``size`` bytes (RFC 9110 section 15.5.17)."""
        keyed = Keyed(self._key, "visit", visit)
        fields, body = profile.error(416, decoy.path, keyed, now) or _plain_error(profile, 416, keyed, now)
        kept = [(name, value) for name, value in fields if name not in _OF_RANGES]
        return Response(416, Headers([*kept, (b"content-range", b"bytes */%d" % size)]), Body.of(body), len(body))


def _maker(key: bytes, decoy: Decoy, secret: Secret) -> Maker:
    return Maker(Keyed(key, "decoys", decoy.path), lambda form: secret(form, decoy.path))


def _plain_error(profile: Profile, status: int, keyed: Keyed, now: float) -> tuple[list[tuple[bytes, bytes]], bytes]:
    words = {403: b"Forbidden", 404: b"Not Found", 416: b"Range Not Satisfiable"}
    body = words.get(status, b"Error")
    return profile.headers(status, "text/plain", body, keyed, now), body

"""The guard ``decoys``: answers what no honest client asks for, and tells of it.

Decoys that no application has (``/.env``) are answered at once, before the WAF, which would refuse some of them. Those
that could be real (``/admin``) stand back: the request goes its way, and only an answer that there is no such thing
turns into the decoy's.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

import msgspec

from bartizan.detection.decoys.answers import Answers, Tried
from bartizan.detection.decoys.clients import Known
from bartizan.detection.decoys.conditions import Unsatisfiable, conditioned
from bartizan.detection.decoys.model import Content, Decoy
from bartizan.detection.profile.profile import Profile
from bartizan.http.message import Response
from bartizan.pipeline import Exchange, Respond, Signal, Verdict

__all__ = ["DecoyGuard", "DecoySet"]

SEVERITY = 60
LOGIN_SEVERITY = 65
MAX_FORM = 16 * 1024  # bytes of credentials that are looked at
MAX_REPLACED = 64 * 1024  # bytes of an upstream's answer that a decoy takes the place of
_NOT_THERE = frozenset((404, 405, 410, 501))
_NAMES = frozenset(("username", "user", "login", "log", "email", "name", "client_id"))
_READS = frozenset(("GET", "HEAD"))
_STALE = frozenset((b"etag", b"last-modified", b"content-type", b"content-language", b"content-encoding", b"allow"))
"""Header fields of an answer that are about its content."""


@dataclass(frozen=True, slots=True)
class DecoySet:
    """All decoys of a configuration by path, and what they answer."""

    by_path: Mapping[str, Decoy]
    answers: Answers
    known: Known

    @classmethod
    def of(cls, decoys: Iterable[Decoy], answers: Answers, known: Known) -> DecoySet:
        """Put it together."""
        return cls({decoy.path: decoy for decoy in decoys}, answers, known)


@dataclass(slots=True)
class _Touched:
    """A decoy that an exchange is about, between its head and its answer."""

    decoy: Decoy
    tried: str = ""


class DecoyGuard:
    """Answers decoys on one route.

    Verdict: decoy. Signals: ``decoy.touched`` (T1595.003, API9:2023), ``decoy.login`` (T1110) for credentials, of which
    only a digest and the length are told. ``profile`` is that of the route's upstream; ``clock`` is Unix time in
    seconds. Without an upstream (``alone``) none stands back.
    """

    name = "decoys"
    plain_responses = False

    def __init__(
        self, decoys: DecoySet, profile: Callable[[], Profile], clock: Callable[[], float], *, alone: bool = False
    ) -> None:
        self._decoys = decoys
        self._by_path = decoys.by_path
        self.only_paths = frozenset(decoys.by_path)
        self._profile = profile
        self._clock = clock
        self._alone = alone
        self._random = random.Random()  # noqa: S311 - times, not secrets

    async def on_request(self, exchange: Exchange) -> Verdict | None:
        """Look the path up; answer at once what nobody else could."""
        decoy = self._by_path.get(exchange.request.path)
        if decoy is None:
            return None
        exchange.notes[self.name] = _Touched(decoy)
        if self._wants_body(exchange, decoy) or (decoy.yielding and not self._alone):
            return None
        return self._answer(exchange, decoy)

    def hold_request(self, exchange: Exchange) -> int:
        """Want the credentials that are sent to a login."""
        touched = exchange.notes.get(self.name)
        return MAX_FORM if isinstance(touched, _Touched) and self._wants_body(exchange, touched.decoy) else 0

    async def on_request_body(self, exchange: Exchange, body: bytes, *, complete: bool) -> Verdict | None:
        """Take note of credentials."""
        touched = exchange.notes.get(self.name)
        if not isinstance(touched, _Touched):
            return None
        touched.tried = _tried(exchange, body) if complete else "too long to read"
        if touched.decoy.yielding and not self._alone:
            return None
        return self._answer(exchange, touched.decoy)

    async def on_response(self, exchange: Exchange) -> Verdict | None:  # noqa: ARG002 - the signature is that of guards
        """Nothing yet: the body of an answer that there is no such thing is waited for."""
        return None

    def hold_response(self, exchange: Exchange) -> int:
        """Want an upstream's answer that it knows no such path."""
        touched, response = exchange.notes.get(self.name), exchange.response
        if response is None or not isinstance(touched, _Touched) or not touched.decoy.yielding or self._alone:
            return 0
        return MAX_REPLACED if response.status in _NOT_THERE else 0

    async def on_response_body(self, exchange: Exchange, body: bytes, *, complete: bool) -> Verdict | None:  # noqa: ARG002 - what it says is replaced
        """Put the decoy in its place."""
        touched, response = exchange.notes.get(self.name), exchange.response
        if response is None or not isinstance(touched, _Touched):
            return None
        self._tell(exchange, touched)
        if complete and _answers(touched.decoy, exchange):
            content = self._decoys.answers.content(touched.decoy, self._profile(), _tries(exchange))
            if content is None and touched.decoy.kind in ("forbidden", "login"):
                self._become(exchange, response, touched.decoy)
            elif content is not None:
                _become(exchange, response, content)
        return None

    @staticmethod
    def _wants_body(exchange: Exchange, decoy: Decoy) -> bool:
        return decoy.refusal is not None and exchange.request.method == "POST" and exchange.request.length != 0

    def _answer(self, exchange: Exchange, decoy: Decoy) -> Verdict | None:
        touched, method, profile = exchange.notes[self.name], exchange.request.method, self._profile()
        if isinstance(touched, _Touched):
            self._tell(exchange, touched)
        if not _answers(decoy, exchange):
            return None
        response = self._decoys.answers.response(
            decoy, profile, exchange.id, self._clock(), method=method, tried=_tries(exchange)
        )
        try:
            conditioned(exchange.request, response)
        except Unsatisfiable as error:
            response = self._decoys.answers.out_of_range(decoy, profile, exchange.id, self._clock(), error.args[0])
        like = self._decoys.answers.likenesses.like(decoy, profile)
        after = profile.latency(self._random.random(), method, response.status, like)
        return Respond(
            response,
            after,
            because=f"{decoy.path} is a decoy ({decoy.name})",
            remedy=f"if it is real, leave {decoy.name} out of deception.decoys; or add the client to deception.allow",
        )

    def _become(self, exchange: Exchange, response: Response, decoy: Decoy) -> None:
        made = self._decoys.answers.response(
            decoy,
            self._profile(),
            exchange.id,
            self._clock(),
            method=exchange.request.method,
            tried=_tries(exchange),
        )
        kind = (made.headers.get(b"content-type") or b"text/plain").decode("latin-1")
        _become(exchange, response, Content(made.status, kind, made.body.peek()))

    def _tell(self, exchange: Exchange, touched: _Touched) -> None:
        confidence = self._decoys.known.confidence(exchange)
        if not confidence:
            return
        decoy = touched.decoy
        evidence = {"decoy": decoy.name, "place": decoy.path, "kind": decoy.kind, "method": exchange.request.method}
        name, severity = "decoy.touched", SEVERITY
        if touched.tried:
            name, severity = "decoy.login", LOGIN_SEVERITY
            evidence["tried"] = touched.tried
        exchange.signals.append(Signal(name, severity, confidence, evidence=evidence))


def _answers(decoy: Decoy, exchange: Exchange) -> bool:
    """Tell whether a decoy answers this method, or the upstream says by itself what it thinks of it."""
    return exchange.request.method in _READS or decoy.refusal is not None


def _tries(exchange: Exchange) -> Tried:
    """Return how credentials come with a request."""
    request = exchange.request
    if request.method != "POST":
        return ""
    return "json" if b"json" in (request.headers.get(b"content-type") or b"") else "form"


def _become(exchange: Exchange, response: Response, content: Content) -> None:
    """Turn an upstream's answer into a decoy's: its own header fields but for those about its content."""
    kept = [(name, value) for name, value in response.headers.items if name not in _STALE]
    place = next(
        (number for number, (name, _) in enumerate(response.headers.items) if name == b"content-type"), len(kept)
    )
    kept.insert(min(place, len(kept)), (b"content-type", content.media_type.encode("latin-1", "replace")))
    exchange.made_up = True
    response.status = content.status
    response.headers.items = kept
    body = b"" if exchange.request.method == "HEAD" else content.body
    response.body.replace(body)
    response.length = len(content.body)


def _tried(exchange: Exchange, body: bytes) -> str:
    """Return who tried to log in, and digest and length of what they sent: what it was is nobody's business."""
    name = ""
    kind = exchange.request.headers.get(b"content-type") or b""
    try:
        if b"json" in kind:
            data = msgspec.json.decode(body)
            pairs = list(data.items()) if isinstance(data, dict) else []
        else:
            pairs = parse_qsl(body.decode("utf-8", "replace"), max_num_fields=64)
        name = next((str(value) for field, value in pairs if str(field).lower() in _NAMES), "")
    except (ValueError, msgspec.MsgspecError):
        pass
    digest = hashlib.sha256(body).hexdigest()[:12]
    return f"{name[:64]!r}, {len(body)} bytes, sha256 {digest}"

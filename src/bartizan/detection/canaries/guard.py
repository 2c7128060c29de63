"""The guard ``canaries``: plants objects and fields in responses, and tells who touches one.

list asked for ──▶ upstream ──▶ JSON? for one client? ──▶ canary by recipient, put in; recipient kept in the state
canary asked for ─▶ signal ──▶ the other guards, the upstream ──▶ it knows none: the object as it was shown, 200
                                                              └─▶ it has one of that id: no canary, no signal

What is asked for goes to the upstream all the same: whoever may not ask is refused as for any object, and the answer
takes the time that answers take.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bartizan.detection.canaries.edit import FieldCanary, ItemCanary, insert
from bartizan.detection.canaries.recipients import Recipient, Recipients
from bartizan.detection.canaries.touches import MAX_BODY, Canaries, Canary, ids_in_body, ids_in_query
from bartizan.detection.edits.responses import BOUND_TO_BYTES, editable, is_json, put, want_whole
from bartizan.detection.edits.validators import matches, retag
from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Response
from bartizan.pipeline import Exchange, Respond, Signal, Verdict

__all__ = ["CanaryGuard"]

SEVERITY = 80
MAX_RESPONSE = 1_048_576  # bytes of a response that are held
MIN_SURE = 20  # characters of an id that is none by chance
_UNKNOWN_TO_UPSTREAM = frozenset((400, 404, 410, 422))
_NOT_WITH_THE_OBJECT = frozenset((b"etag", b"last-modified", b"content-encoding", *BOUND_TO_BYTES))


@dataclass(slots=True)
class _Known:
    """What is known of an exchange between its request and its response."""

    given: tuple[Canary, ...] = ()
    """What the response may have."""
    touched: tuple[Canary, str, Recipient | None, Signal] | None = None
    told: set[tuple[str, str]] = field(default_factory=set)


class CanaryGuard:
    """Plants canaries, and tells of those who touch one.

    Signal: ``canary.touched`` (T1119), with whom it was given to, who may be another one. Verdict, in place of the
    upstream's answer that there is no such object: the object.
    """

    name = "canaries"

    def __init__(self, canaries: Canaries, recipients: Recipients, key: bytes, clock: Callable[[], float]) -> None:
        """``key`` is of canaries alone; ``clock`` Unix time in seconds."""
        self._canaries = canaries
        self._recipients = recipients
        self._key = key
        self._clock = clock

    async def on_request(self, exchange: Exchange) -> None:
        """Look for canaries in path and query; see to it that the response to a list is whole."""
        request = exchange.request
        path = request.path
        near, given = self._canaries.near(path), self._canaries.given(path)
        if not near and not given:
            return
        known = exchange.notes[self.name] = _Known(given)
        for canary in near:
            value = canary.detail.value(path, below=True)
            if value is not None:
                await self._touch(exchange, known, canary, value, whole=canary.detail.value(path) is not None)
            for named in ids_in_query(canary, request):
                await self._touch(exchange, known, canary, named)
        if given and request.method in ("GET", "HEAD"):
            want_whole(request.headers)

    def hold_request(self, exchange: Exchange) -> int:
        """Want JSON that may name objects."""
        request = exchange.request
        near = self._canaries.near(request.path)
        return MAX_BODY if near and request.length != 0 and is_json(request.headers) else 0

    async def on_request_body(self, exchange: Exchange, body: bytes, *, complete: bool) -> None:
        """Look for canaries in JSON."""
        known = exchange.notes.get(self.name)
        if not complete or not isinstance(known, _Known):
            return
        for canary in self._canaries.near(exchange.request.path):
            for value in ids_in_body(canary, exchange.request, body):
                await self._touch(exchange, known, canary, value)

    def on_refused(self, exchange: Exchange, body: bytes) -> None:  # noqa: ARG002 - the signature is the pipeline's
        """Tell of a planted path that no route takes; whom it was given to is known if this process gave it."""
        path = exchange.request.path
        for canary in self._canaries.near(path):
            value = canary.detail.value(path, below=True)
            if value is not None and canary.ids.planted(value):
                _tell(exchange, canary, value, self._recipients.known(canary.detail.text, value))

    async def on_response(self, exchange: Exchange) -> Verdict | None:
        """Answer with the object that was touched; take it back where the upstream has one of that id."""
        known, response = exchange.notes.get(self.name), exchange.response
        if not isinstance(known, _Known) or response is None or exchange.diverted is not None:
            return None
        if known.touched is not None:
            return self._touched(exchange, response, known)
        if known.given and exchange.request.method == "HEAD" and response.status == 200 and is_json(response.headers):
            response.length = None  # RFC 9110 section 9.3.2: what only the content would tell may be left out
            response.headers.remove(b"etag")
        return None

    def hold_response(self, exchange: Exchange) -> int:
        """Want the responses that canaries are planted in."""
        known, response = exchange.notes.get(self.name), exchange.response
        if not isinstance(known, _Known) or not known.given or response is None:
            return 0
        return MAX_RESPONSE if _may_have_one(exchange, response) else 0

    async def on_response_body(self, exchange: Exchange, body: bytes, *, complete: bool) -> None:
        """Plant what the response can have."""
        known, response = exchange.notes.get(self.name), exchange.response
        if not complete or not isinstance(known, _Known) or response is None:
            return
        new = body
        for canary in known.given:
            new = await self._plant(exchange, response, canary, new)
        if new is not body:
            self._replace(exchange, response, body, new)

    async def _touch(
        self, exchange: Exchange, known: _Known, canary: Canary, value: int | str, *, whole: bool = False
    ) -> None:
        """Tell of an id if it is a canary's; ``whole``: the request is for the object itself."""
        key = canary.detail.text, str(value)
        if key in known.told or not canary.ids.planted(value):
            return
        found = await self._recipients.find(canary.detail.text, value)
        if found is None and len(str(value)) < MIN_SURE:
            return
        known.told.add(key)
        signal = _tell(exchange, canary, value, found)
        if whole:
            known.touched = canary, str(value), found, signal

    def _touched(self, exchange: Exchange, response: Response, known: _Known) -> Verdict | None:
        if known.touched is None:
            return None
        canary, _, given, signal = known.touched
        if response.status < 300:
            exchange.signals.remove(signal)
            return None
        asked = exchange.request.method in ("GET", "HEAD")
        if given is None or not given.text or not asked or response.status not in _UNKNOWN_TO_UPSTREAM:
            return None
        shown = Response(200, _headers(response.headers, given), Body.of(given.text), len(given.text))
        return Respond(shown, because=f"a canary of {canary.template.text} was asked for")

    async def _plant(self, exchange: Exchange, response: Response, canary: Canary, body: bytes) -> bytes:
        recipient = self._recipient(exchange)
        spot = canary.spot(body, recipient)
        if spot is None:
            return body
        media_type = response.headers.get(b"content-type") or b""
        text = spot.text if isinstance(canary, ItemCanary) else b""
        mine = Recipient(recipient, exchange.client.address, self._clock(), text, media_type)
        given = await self._recipients.remember(canary.detail.text, spot.id, mine)
        if given is None or given.actor != recipient:  # a short id that somebody else has
            return body
        return insert(body, spot, given.text or spot.text)

    def _replace(self, exchange: Exchange, response: Response, old: bytes, new: bytes) -> None:
        tag, condition = response.headers.get(b"etag"), exchange.request.headers.get(b"if-none-match")
        made = None if tag is None else retag(tag, old, new, self._key)
        current = made is not None and condition is not None and matches(condition, made)
        put(exchange.request, response, new, made, current=current)

    def _recipient(self, exchange: Exchange) -> str:
        """Return the key of whom a response is for: the narrowest that is known and stays the same for a while."""
        if exchange.session is not None:
            return f"session:{exchange.session}"
        if exchange.principal is not None:
            return f"principal:{exchange.principal}"
        presented = exchange.request.headers.get(b"authorization")
        if presented is not None:
            digest = hashlib.blake2b(presented, key=self._key, digest_size=8).hexdigest()
            return f"credential:{digest}"
        return f"address:{exchange.client.address}"


def _tell(exchange: Exchange, canary: Canary, value: int | str, given: Recipient | None) -> Signal:
    evidence: dict[str, str | int | float | bool] = {
        "decoy": canary.detail.text,
        "place": canary.template.text,
        "kind": "field" if isinstance(canary, FieldCanary) else "object",
        "canary": str(value),
        "recipient": "unknown" if given is None else given.actor,
    }
    if given is not None:
        evidence["recipient_address"] = given.address
        evidence["given"] = datetime.fromtimestamp(given.at, UTC).isoformat(timespec="seconds")
    confidence = 0.9 if given is None else 1.0
    signal = Signal("canary.touched", SEVERITY, confidence, technique="T1119", evidence=evidence)
    exchange.signals.append(signal)
    return signal


def _headers(of_error: Headers, given: Recipient) -> Headers:
    """Return the fields of an error, in their order, as those of the object."""
    items = [
        (name, given.media_type if name == b"content-type" else value)
        for name, value in of_error.items
        if name not in _NOT_WITH_THE_OBJECT
    ]
    return Headers(items if b"content-type" in of_error else [*items, (b"content-type", given.media_type)])


def _may_have_one(exchange: Exchange, response: Response) -> bool:
    """Tell whether a response is JSON for one client, in plain bytes that nothing vouches for."""
    if exchange.request.method != "GET" or response.status != 200 or exchange.diverted is not None:
        return False
    shared = [value.lower() for name, value in response.headers.items if name == b"cache-control"]
    if any(b"public" in value or b"s-maxage" in value for value in shared):
        return False
    return is_json(response.headers) and editable(response, MAX_RESPONSE)

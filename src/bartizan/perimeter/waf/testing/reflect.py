"""The backends of the suites, without their sockets: what they answer to a request.

V4's is ``coreruleset/albedo`` (``server/server.go``): ``POST /reflect`` answers with the ``status``, ``headers`` and
``body`` or ``encodedBody`` (base64) of the JSON document in the request, and Go's server tells what kind of body it is
where that is not said; everything else is answered with 200. V3's is httpbin, which has some places only and answers
404 elsewhere; that is all of it that tests depend on.

Both also give back the request's body below ``/anything``, for people who try rules by hand.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from bartizan.http.lenient import LenientRequest
from bartizan.perimeter.waf.testing.model import Generation
from bartizan.perimeter.waf.testing.sniff import media_type

__all__ = ["Answer", "answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: its header fields have no Content-Length."""

    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""

    def wire(self) -> bytes:
        """Return the response as it is sent, closing the connection."""
        lines = [b"HTTP/1.1 %d -\r\n" % self.status]
        lines += [b"%s: %s\r\n" % field for field in self.headers]
        if self.status >= 200 and self.status not in {204, 304}:
            lines.append(b"Content-Length: %d\r\n" % len(self.body))
            return b"".join(lines) + b"Connection: close\r\n\r\n" + self.body
        return b"".join(lines) + b"Connection: close\r\n\r\n"


def answer(request: LenientRequest, generation: Generation = Generation.V4) -> Answer:
    """Return what the backend of a generation's suite answers."""
    path = request.target.partition(b"?")[0]
    place = path.split(b"/", 2)[1:2]
    if place == [b"reflect"] and request.method == b"POST":
        return _reflect(request.body)
    if place == [b"anything"]:
        kinds = tuple((b"Content-Type", value) for name, value in request.fields if name == b"content-type")
        return Answer(200, kinds[:1], request.body)
    if generation is Generation.V3 and path.startswith(b"/") and place[0] not in _HTTPBIN:
        return Answer(404)
    return Answer()


_HTTPBIN = frozenset(
    b" anything base64 basic-auth bearer bytes cache cookies delete delay deny digest-auth drip encoding etag forms "
    b"get gzip headers html image ip json links patch post put range redirect redirect-to relative-redirect "
    b"response-headers robots.txt status stream user-agent uuid xml".split(b" ")
)


def _reflect(document: bytes) -> Answer:
    try:
        wanted = json.loads(document)
        status, headers = int(wanted.get("status") or 200), dict(wanted.get("headers") or {})
        body = _body(wanted)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        return Answer(400, (), b"the body is no JSON document with status, headers, body or encodedBody")
    if not 100 <= status < 600:
        return Answer(400, (), b"the status is not between 100 and 599")
    given = (_field(name, value) for name, value in headers.items() if name.lower() not in _FRAMING)
    fields = tuple(field for field in given if field is not None)
    if body and not any(name.lower() in _TELLING for name, _ in fields):
        fields += ((b"Content-Type", media_type(body)),)
    return Answer(status, fields, body)


_FRAMING = {"content-length", "transfer-encoding", "connection"}
_TELLING = {b"content-type", b"content-encoding"}


def _body(wanted: dict[str, Any]) -> bytes:
    text = str(wanted.get("body") or "").encode("utf-8", "surrogatepass")
    return text or base64.b64decode(wanted.get("encodedBody") or "", validate=True)


def _field(name: str, value: object) -> tuple[bytes, bytes] | None:
    """Return a header field; None for one that HTTP does not allow, which is dropped."""
    text = str(value)
    token = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    if not token or any(character in text for character in "\r\n\0"):
        return None
    return name.encode(), text.strip().encode("utf-8", "surrogatepass")

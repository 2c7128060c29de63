"""Transcripts as HTTP Archive 1.2 (http://www.softwareishard.com/blog/har-12-spec/), which browsers and tools read.

Credentials were masked when the entries were written. What HAR has no place for stands under names that begin with an
underscore, as the specification wants it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TypedDict
from urllib.parse import parse_qsl

import msgspec

from bartizan import __version__
from bartizan.decoy.entry import Entry, Fields

__all__ = ["Har", "har", "har_json"]

MAX_PARAMETERS = 1000
Pair = TypedDict("Pair", {"name": str, "value": str})  # noqa: UP013 - HAR has many of them


class PostData(TypedDict, total=False):
    """``params`` or ``text``: HAR wants one of them."""

    mimeType: str
    params: list[Pair]
    text: str
    _encoding: str
    comment: str


class Content(TypedDict, total=False):
    """``size`` in bytes is the whole body's."""

    size: int
    mimeType: str
    text: str
    encoding: str
    comment: str


Message = dict[str, object]
Har = dict[str, dict[str, object]]


def har(entries: Iterable[Entry]) -> Har:
    """Return a HAR document of entries, the oldest first."""
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "Bartizan", "version": __version__},
            "pages": [],
            "entries": [_entry(entry) for entry in entries],
        }
    }


def har_json(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Yield the same document as JSON, piece by piece, so that no transcript has to fit into memory."""
    creator = msgspec.json.encode({"name": "Bartizan", "version": __version__})
    yield b'{"log":{"version":"1.2","creator":%b,"pages":[],"entries":[' % creator
    separator = b"\n"
    for entry in entries:
        yield separator + msgspec.json.encode(_entry(entry))
        separator = b",\n"
    yield b"\n]}}\n"


def _entry(entry: Entry) -> Message:
    made: Message = {
        "startedDateTime": datetime.fromtimestamp(entry.time, UTC).isoformat(timespec="milliseconds"),
        "time": _milliseconds(entry.wait + entry.receive),
        "request": _request(entry),
        "response": _response(entry),
        "cache": {},
        "timings": {"send": 0, "wait": _milliseconds(entry.wait), "receive": _milliseconds(entry.receive)},
        "connection": entry.address or "-",
        "_exchange": entry.exchange,
        "_actor": entry.actor,
        "_risk": round(entry.risk, 1),
        "_route": entry.route,
        "_upstream": entry.upstream,
        "_answeredBy": entry.by,
        "_payloads": entry.payloads,
    }
    if entry.ja4:
        made["_ja4"] = entry.ja4
    return made


def _request(entry: Entry) -> Message:
    request: Message = {
        "method": entry.method,
        "url": entry.url,
        "httpVersion": f"HTTP/{entry.version}",
        "cookies": _cookies(_values(entry.fields, "cookie")),
        "headers": _pairs(entry.fields),
        "queryString": _query(entry.url.partition("?")[2]),
        "headersSize": -1,
        "bodySize": entry.body_size,
    }
    if entry.body_size:
        request["postData"] = _post_data(entry)
    return request


def _response(entry: Entry) -> Message:
    location = _values(entry.response_fields, "location")
    return {
        "status": entry.status,
        "statusText": _phrase(entry.status),
        "httpVersion": "HTTP/1.1",
        "cookies": _set_cookies(_values(entry.response_fields, "set-cookie")),
        "headers": _pairs(entry.response_fields),
        "content": _content(entry),
        "redirectURL": location[0] if location else "",
        "headersSize": -1,
        "bodySize": entry.response_size,
    }


def _post_data(entry: Entry) -> PostData:
    media_type = next(iter(_values(entry.fields, "content-type")), "")
    if not entry.cut and media_type.lower().startswith("application/x-www-form-urlencoded"):
        return {"mimeType": media_type, "params": _query(entry.body.decode("latin-1"))}
    text = _text(entry.body)
    post: PostData = {"mimeType": media_type, "text": base64.b64encode(entry.body).decode() if text is None else text}
    if text is None:
        post["_encoding"] = "base64"
    if entry.cut:
        post["comment"] = _cut(len(entry.body), entry.body_size)
    return post


def _content(entry: Entry) -> Content:
    body = entry.response_body
    media_type = next(iter(_values(entry.response_fields, "content-type")), "")
    content: Content = {"size": entry.response_size, "mimeType": media_type or "x-unknown"}
    if body:
        text = _text(body)
        content["text"] = base64.b64encode(body).decode() if text is None else text
        if text is None:
            content["encoding"] = "base64"
    if entry.response_cut:
        content["comment"] = _cut(len(body), entry.response_size)
    return content


def _query(query: str) -> list[Pair]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=MAX_PARAMETERS)
    except ValueError:  # there are more: what it was is in the URL
        return []
    return [{"name": name, "value": value} for name, value in pairs]


def _cookies(values: list[str]) -> list[Pair]:
    pairs = (pair.strip().partition("=") for value in values for pair in value.split(";"))
    return [{"name": name, "value": value} for name, _, value in pairs if name]


def _set_cookies(values: list[str]) -> list[Pair]:
    pairs = (value.partition(";")[0].strip().partition("=") for value in values)
    return [{"name": name, "value": value} for name, _, value in pairs if name]


def _pairs(fields: Fields) -> list[Pair]:
    return [{"name": name, "value": value} for name, value in fields]


def _values(fields: Fields, wanted: str) -> list[str]:
    return [value for name, value in fields if name == wanted]


def _text(body: bytes) -> str | None:
    """Return a body as text if it is UTF-8, maybe cut within a character, without control characters."""
    for missing in range(4):
        try:
            text = body[: len(body) - missing].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return None if any(char < " " and char not in "\t\n\r" for char in text) else text
    return None


def _cut(kept: int, size: int) -> str:
    return f"cut: the first {kept} of {size} bytes"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)

"""Requests to measure with: made up with values that no request before had, recorded, or those of the CRS tests."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode

from bartizan.http.lenient import read_request
from bartizan.perimeter.waf.testing import read_suite, request_bytes, suite_files
from benchmarks.waf.reference import numbered

__all__ = ["DATA", "MADE", "Payload", "Request", "browsing", "crs_requests", "form_post", "get_query", "payloads"]

DATA = Path("../shared/data")
"""Where recorded traffic and tests are, which are not part of the repository."""

FORM = b"application/x-www-form-urlencoded"
_AGENTS = tuple(
    f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0 Safari/537.36".encode()
    for system in ("X11; Linux x86_64", "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7")
    for version in range(118, 132)
)
_WORDS = tuple(
    b"invoice order garden table winter shipment paper green window late friday morning customer address gift blue "
    b"small delivery please ring twice kitchen number receipt return colour medium large yellow summer report".split()
)


class Request(NamedTuple):
    """A request that has been parsed; ``name`` is what it is reported as."""

    name: str
    method: bytes
    uri: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes
    protocol: bytes = b"HTTP/1.1"


class Payload(NamedTuple):
    """A parameter value, and whether it is an attack."""

    value: str
    attack: bool


def _fields(rng: random.Random, *more: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"shop.example.com"), (b"user-agent", rng.choice(_AGENTS)), (b"accept", b"*/*"), *more]


def _posted(rng: random.Random, name: str, path: bytes, kind: bytes, body: bytes) -> Request:
    length = (b"content-length", b"%d" % len(body))
    return Request(name, b"POST", path, _fields(rng, (b"content-type", kind), length), body)


def _words(rng: random.Random, count: int) -> bytes:
    return b" ".join(rng.choices(_WORDS, k=count))


def _name(rng: random.Random) -> bytes:
    return bytes(rng.choices(b"abcdefghijklmnoprstuvw", k=rng.randint(4, 9)))


def _get(rng: random.Random) -> Request:
    words = _words(rng, 3).replace(b" ", b"+")
    day = b"2026-%02d-%02d" % (rng.randint(1, 12), rng.randint(1, 28))
    query = b"page=%d&sort=created&customer=%b&q=%b&since=%b" % (rng.randrange(1, 10**6), _name(rng), words, day)
    return Request("GET with query", b"GET", b"/api/orders/%d?%b" % (rng.randrange(10**9), query), _fields(rng), b"")


def _small_json(rng: random.Random) -> Request:
    """Return what ``peers/post.lua`` sends, with other values."""
    note = b"a normal note about my order %d %b" % (rng.randrange(10**7), _words(rng, 2))
    items = b'{"sku":"A-%d","qty":%d},{"sku":"B-%d","qty":1}' % (
        rng.randrange(10**5), rng.randint(1, 9), rng.randrange(10**5),
    )  # fmt: skip
    body = b'{"user":"%b","note":"%b","items":[%b]}' % (_name(rng), note, items)
    return _posted(rng, "small JSON POST", b"/api/orders", b"application/json", body)


def _form(rng: random.Random) -> Request:
    values = {
        "first_name": _name(rng).title(), "last_name": _name(rng).title(), "company": _words(rng, 2),
        "street": b"%b street %d" % (_name(rng), rng.randint(1, 400)), "city": _name(rng).title(),
        "zip": b"%05d" % rng.randrange(10**5), "country": b"AT", "phone": b"+43 1 %07d" % rng.randrange(10**7),
        "email": b"%b.%b@example.com" % (_name(rng), _name(rng)), "order": b"%d" % rng.randrange(10**9),
        "amount": b"%d.%02d" % (rng.randrange(10**4), rng.randrange(100)), "currency": b"EUR",
        "date": b"2026-%02d-%02d" % (rng.randint(1, 12), rng.randint(1, 28)), "gift": b"yes",
        "message": _words(rng, 8), "coupon": _name(rng).upper(), "newsletter": b"on", "language": b"en",
        "reference": b"%x" % rng.getrandbits(64), "csrf": b"%032x" % rng.getrandbits(128),
    }  # fmt: skip
    return _posted(rng, "form of 20 fields", b"/checkout", FORM, urlencode(values).encode())


def _large_json(rng: random.Random) -> Request:
    items, size = [], 0
    while size < 65536 - 400:
        items.append(
            b'{"id":%d,"sku":"%b-%d","title":"%b","price":%d.%02d,"stock":%d,"tags":["%b","%b"],"text":"%b"}'
            % (rng.randrange(10**9), _name(rng), rng.randrange(10**6), _words(rng, 5), rng.randrange(1000),
               rng.randrange(100), rng.randrange(10**4), _name(rng), rng.choice(_WORDS), _words(rng, 25))
        )  # fmt: skip
        size += len(items[-1]) + 1
    body = b'{"items":[%b]}' % b",".join(items)
    return _posted(rng, "64 KiB JSON", b"/api/catalogue", b"application/json", body)


def _multipart(rng: random.Random) -> Request:
    boundary = b"----WebKitFormBoundary%016x" % rng.getrandbits(64)
    parts = [
        b'Content-Disposition: form-data; name="%b"\r\n\r\n%b' % field
        for field in ((b"title", _words(rng, 4)), (b"album", _name(rng)), (b"order", b"%d" % rng.randrange(10**9)))
    ]
    parts.append(
        b'Content-Disposition: form-data; name="photo"; filename="%b-%d.jpg"\r\nContent-Type: image/jpeg\r\n\r\n%b'
        % (_name(rng), rng.randrange(10**4), b"\xff\xd8\xff\xe0" + rng.randbytes(16384))
    )
    body = b"".join(b"--%b\r\n%b\r\n" % (boundary, part) for part in parts) + b"--%b--\r\n" % boundary
    return _posted(rng, "multipart upload", b"/api/photos", b"multipart/form-data; boundary=" + boundary, body)


MADE: dict[str, Callable[[random.Random], Request]] = {
    "a": _get, "b": _small_json, "c": _form, "d": _large_json, "e": _multipart,
}  # fmt: skip
"""By case: what makes a request with values that were never seen before."""


def browsing(data: Path = DATA) -> list[Request]:
    """Return the recorded requests of browsers, in order."""
    return [
        Request(
            f"{file.name.removesuffix('.json.gz')}:{number}",
            recorded["method"].encode(),
            recorded["url"].encode(),
            [(name.encode(), value.encode()) for name, value in recorded["headers"].items()],
            recorded["data"].encode(),
        )
        for file in sorted((data / "browsing").glob("*.json.gz"))
        for number, recorded in enumerate(json.loads(gzip.decompress(file.read_bytes())))
    ]


def crs_requests(data: Path = DATA) -> list[Request]:
    """Return the requests of all stages of the CRS tests."""
    requests = []
    for name, test in numbered(read_suite(suite_files([data / "crs-3.3.4-tests"]))):
        for stage in test.stages:
            read = read_request(request_bytes(stage.request, test.generation))
            requests.append(Request(name, read.method, read.target, read.fields, read.body, read.protocol))
    return requests


def payloads(data: Path = DATA) -> Iterator[Payload]:
    """Yield the values of HttpParamsDataset."""
    with (data / "httpparams" / "payload_test.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Payload(row["payload"], row["label"] != "norm")


def get_query(value: str) -> Request:
    """Return a request with a value as query parameter."""
    rng = random.Random(1)
    return Request(f"GET {value}", b"GET", b"/search?q=" + quote(value, safe="").encode(), _fields(rng), b"")


def form_post(value: str) -> Request:
    """Return a request with a value as field of a form."""
    body = b"q=" + quote(value, safe="").encode()
    return _posted(random.Random(1), f"POST {value}", b"/search", FORM, body)

"""Decoys are named in the upstream's own texts, and lengths, tags and conditions are those of the changed ones."""

from __future__ import annotations

import hashlib
import json

import pytest
from tests.detection.announcements.test_openapi import shop
from tests.support.exchange import make_exchange

from bartizan.detection.announcements.choice import Announced
from bartizan.detection.announcements.guard import AnnouncementGuard
from bartizan.detection.profile.candidates import Candidates
from bartizan.detection.profile.fields import Fields
from bartizan.detection.profile.profile import Profile
from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Response
from bartizan.pipeline import Divert, Exchange, Series, Step

KEY = b"k" * 32
NOW = 1_800_000_000.0
ANNOUNCED = Announced(KEY, ("/internal/users",), ("/internal/export",), frozenset(("/openapi.json",)))
TEXT = b"User-agent: *\nDisallow: /cart\n"
CHANGED = TEXT + b"Disallow: /internal/users\n"
OWN = b"User-agent: *\nDisallow: /internal/users\n"
PLAIN = {"content-type": "text/plain"}
JSON = {"content-type": "application/json"}
DOCUMENT = json.dumps(shop()).encode()


class Site:
    """A series of this guard alone, before an upstream that answers what a test says."""

    def __init__(self, profile: Profile | None = None) -> None:
        known = profile or Profile()
        self.series = Series((Step(AnnouncementGuard(ANNOUNCED, lambda: known, lambda: NOW)),))

    async def ask(self, exchange: Exchange, status: int, fields: dict[str, str], body: bytes | Body) -> Response:
        assert await self.series.on_request(exchange) is None
        whole = Body.of(body) if isinstance(body, bytes) else body
        length = len(body) if isinstance(body, bytes) else None
        exchange.response = Response(status, Headers.of(fields.items()), whole, length)
        assert await self.series.on_response(exchange) is None
        assert exchange.signals == []
        return exchange.response

    async def robots(self, fields: dict[str, str], body: bytes = TEXT, **asked: str) -> Response:
        headers = {name.replace("_", "-"): value for name, value in asked.items()}
        return await self.ask(make_exchange(path="/robots.txt", headers=headers), 200, {**PLAIN, **fields}, body)


async def test_robots_txt_gets_rules_and_its_length_is_right() -> None:
    response = await Site().robots({"server": "s"})
    assert (response.status, response.body.peek(), response.length) == (200, CHANGED, len(CHANGED))
    assert response.headers == Headers.of([("content-type", "text/plain"), ("server", "s")])


async def test_the_upstream_is_asked_for_the_whole_without_conditions() -> None:
    exchange = make_exchange(
        path="/robots.txt",
        headers={"accept-encoding": "gzip", "range": "bytes=0-9", "if-none-match": '"a"', "if-modified-since": "x"},
    )
    await Site().ask(exchange, 200, PLAIN, TEXT)
    assert exchange.request.headers == Headers.of([("host", "api.test"), ("accept-encoding", "identity")])


async def test_a_tag_is_that_of_the_changed_text_and_its_condition_is_answered() -> None:
    md5 = hashlib.md5(TEXT, usedforsecurity=False).hexdigest()
    changed = hashlib.md5(CHANGED, usedforsecurity=False).hexdigest()
    response = await Site().robots({"etag": f'"{md5}"'})
    assert response.headers.get(b"etag") == f'"{changed}"'.encode()
    again = await Site().robots({"etag": f'"{md5}"'}, if_none_match=f'"{changed}"')
    assert (again.status, again.body.peek(), again.length) == (304, b"", None)
    assert again.headers.get(b"etag") == f'"{changed}"'.encode()
    before = await Site().robots({"etag": f'"{md5}"'}, if_none_match=f'"{md5}"')
    assert (before.status, before.body.peek()) == (200, CHANGED)


async def test_the_tag_of_a_file_has_the_length_that_it_is_sent_with() -> None:
    response = await Site().robots({"etag": f'"65a1b2c3-{len(TEXT):x}"'})
    assert response.headers.get(b"etag") == f'"65a1b2c3-{len(CHANGED):x}"'.encode()


async def test_who_has_it_since_it_was_changed_last_is_told_so() -> None:
    day = "Tue, 14 Nov 2023 22:13:20 GMT"
    assert (await Site().robots({"last-modified": day}, if_modified_since=day)).status == 304
    assert (await Site().robots({"last-modified": day})).status == 200


async def test_what_is_not_changed_still_has_its_condition_answered() -> None:
    exchange = make_exchange(path="/openapi.json", headers={"if-none-match": '"a"'})
    assert (await Site().ask(exchange, 200, {**JSON, "etag": '"a"'}, b"[]")).status == 304


async def test_without_a_robots_txt_there_is_one_of_our_own() -> None:
    exchange = make_exchange(path="/robots.txt")
    fields = {"server": "s", "content-type": "text/html", "date": "d", "etag": '"a"'}
    response = await Site().ask(exchange, 404, fields, b"<h1>Not Found</h1>")
    assert exchange.made_up  # nothing is to be learned of it
    assert (response.status, response.body.peek(), response.length) == (200, OWN, len(OWN))
    assert response.headers == Headers.of(
        [("server", "s"), ("content-type", "text/plain; charset=utf-8"), ("date", "d")]
    )


async def test_paths_that_the_upstream_has_are_not_given_away() -> None:
    profile = Profile()
    site = Site(profile)
    profile.place("GET /internal/users/{int}", NOW)
    profile.place("GET /internal/export", NOW)
    response = await site.ask(make_exchange(path="/robots.txt"), 404, PLAIN, b"no")
    assert (response.status, response.body.peek()) == (404, b"no")
    assert (await site.ask(make_exchange(path="/robots.txt"), 200, PLAIN, TEXT)).body.peek() == TEXT
    assert (await site.ask(make_exchange(path="/openapi.json"), 200, JSON, DOCUMENT)).body.peek() == DOCUMENT


async def test_one_of_our_own_has_the_header_fields_that_the_upstream_gives_texts() -> None:
    profile = Profile()
    site = Site(profile)
    learned = [(b"server", b"s"), (b"content-type", b"text/plain"), (b"etag", b'"65a1b2c3"')]
    fields = profile.kinds["200 text/plain"] = Fields()
    for identity in range(5):
        fields.learn(learned, "200 text/plain", identity, Candidates())
    response = await site.ask(make_exchange(path="/robots.txt"), 404, {"x-error": "1"}, b"no")
    assert [name for name, _ in response.headers.items] == [b"server", b"content-type", b"etag"]
    tag = (response.headers.get(b"etag") or b"").decode()
    again = make_exchange(path="/robots.txt", headers={"if-none-match": tag})
    assert (await site.ask(again, 404, {"x-error": "1"}, b"no")).status == 304


async def test_head_tells_what_get_would() -> None:
    site, own = Site(), make_exchange("HEAD", "/robots.txt")
    response = await site.ask(own, 404, {}, b"")
    assert (response.status, response.body.peek(), response.length) == (200, b"", len(OWN))
    response = await site.ask(make_exchange("HEAD", "/robots.txt"), 200, {**PLAIN, "etag": '"a"'}, b"")
    assert (response.length, response.headers) == (None, Headers.of(PLAIN.items()))


async def test_documents_get_operations_each_time_alike() -> None:
    site = Site()
    first = await site.ask(make_exchange(path="/openapi.json"), 200, JSON, DOCUMENT)
    assert set(json.loads(first.body.peek())["paths"]) == {*shop()["paths"], "/internal/export"}
    assert first.length == len(first.body.peek())
    again = await site.ask(make_exchange(path="/openapi.json"), 200, JSON, DOCUMENT)
    assert again.body.peek() == first.body.peek()
    assert (await Site().ask(make_exchange(path="/openapi.json"), 200, JSON, DOCUMENT)).body.peek() == again.body.peek()


async def test_whoever_is_diverted_is_told_the_same() -> None:
    exchange = make_exchange(path="/robots.txt")
    exchange.diverted = Divert("decoy")
    assert (await Site().ask(exchange, 200, PLAIN, TEXT)).body.peek() == CHANGED


@pytest.mark.parametrize(
    ("path", "status", "fields", "body"),
    [
        ("/robots.txt", 200, {"content-type": "text/html"}, TEXT),
        ("/robots.txt", 200, {**PLAIN, "content-encoding": "gzip"}, TEXT),
        ("/robots.txt", 200, {**PLAIN, "content-digest": "sha-256=:x:"}, TEXT),
        ("/robots.txt", 403, PLAIN, TEXT),
        ("/robots.txt", 200, PLAIN, b"\0"),
        ("/openapi.json", 200, {"content-type": "application/yaml"}, b"openapi: 3.1.0"),
        ("/openapi.json", 404, JSON, DOCUMENT),
        ("/openapi.json", 200, JSON, DOCUMENT[:-1]),
        ("/openapi.json", 200, JSON, b" " * 1_048_577),
        ("/orders", 404, PLAIN, TEXT),
        ("/robots.txt/", 404, PLAIN, TEXT),
    ],
)
async def test_all_else_stays_as_it_is(path: str, status: int, fields: dict[str, str], body: bytes) -> None:
    response = await Site().ask(make_exchange(path=path), status, {**fields, "etag": '"a"'}, body)
    assert (response.status, response.body.peek(), response.length) == (status, body, len(body))
    assert response.headers == Headers.of([*fields.items(), ("etag", '"a"')])


async def test_what_has_no_told_length_stays_so_and_what_is_too_long_passes() -> None:
    response = await Site().ask(make_exchange(path="/robots.txt"), 200, PLAIN, Body.of(TEXT))
    assert (response.length, response.body.peek()) == (None, CHANGED)
    long = Body.of(b"#" * 1_048_577)
    assert (await Site().ask(make_exchange(path="/robots.txt"), 200, PLAIN, long)).body.peek() == b"#" * 1_048_577


async def test_other_methods_are_the_upstreams() -> None:
    exchange = make_exchange("POST", "/robots.txt", {"if-none-match": '"a"'})
    assert (await Site().ask(exchange, 404, PLAIN, b"no")).status == 404
    assert b"if-none-match" in exchange.request.headers

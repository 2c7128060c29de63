"""Who asks for what only the gateway has put into a list is told, with whoever was given it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog import get_logger
from tests.support.exchange import make_exchange

from bartizan.config.model import State as Settings
from bartizan.config.model.deception import CanaryField, CanaryItem
from bartizan.detection.canaries.edit import FieldCanary, ItemCanary
from bartizan.detection.canaries.guard import CanaryGuard
from bartizan.detection.canaries.recipients import Recipients
from bartizan.detection.canaries.touches import Canaries
from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Response
from bartizan.pipeline import Divert, Exchange, Respond, Series, Step
from bartizan.storage.state import State, open_state

KEY = b"k" * 32
NOW = 1_700_000_000.0
ORDERS = json.dumps([{"id": number, "total": number * 3} for number in (17, 18, 19)]).encode()
UUIDS = json.dumps([{"id": f"{number:08x}-1111-4111-8111-111111111111"} for number in range(3)]).encode()
JSON = {"content-type": "application/json; charset=utf-8"}


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    opened = open_state(Settings(), tmp_path)
    yield opened
    await opened.close()


class Site:
    """A series of this guard alone, before an upstream that answers what a test says."""

    def __init__(self, state: State) -> None:
        item = ItemCanary(KEY, CanaryItem(path="/orders", detail="/orders/{id}"))
        debug = FieldCanary(KEY, CanaryField(path="/orders/{id}"))
        self.guard = CanaryGuard(Canaries((item, debug)), Recipients(state, get_logger()), KEY, lambda: NOW)
        self.series = Series((Step(self.guard),))

    async def ask(self, exchange: Exchange, status: int, headers: dict[str, str], body: bytes) -> bytes:
        """Return the body that the client gets."""
        assert await self.series.on_request(exchange) is None
        answered = Response(status, Headers.of(headers.items()), Body.of(body), len(body))
        exchange.response = answered
        verdict = await self.series.on_response(exchange)
        if verdict is not None:
            assert isinstance(verdict, Respond)
            exchange.response = verdict.response
        return exchange.response.body.take()

    async def orders(self, body: bytes = ORDERS, session: str | None = "s1", **headers: str) -> Exchange:
        exchange = make_exchange(path="/orders", headers=headers)
        exchange.session = session
        self.got = await self.ask(exchange, 200, JSON, body)
        return exchange


@pytest.fixture
def site(state: State) -> Site:
    return Site(state)


def planted(body: bytes, original: bytes = ORDERS) -> dict[str, object]:
    (found,) = [item for item in json.loads(body) if item not in json.loads(original)]
    return dict(found)


async def test_a_list_has_one_more_and_the_length_is_right(site: Site) -> None:
    exchange = await site.orders()
    assert exchange.response is not None
    assert exchange.response.length == len(site.got) > len(ORDERS)
    assert set(planted(site.got)) == {"id", "total"}
    assert exchange.signals == []
    first = site.got
    await site.orders()
    assert site.got == first
    await site.orders(session="s2")
    assert site.got != first


@pytest.mark.parametrize("body", [ORDERS, UUIDS])
async def test_who_asks_for_it_is_told_with_who_was_given_it(site: Site, body: bytes) -> None:
    await site.orders(body)
    canary = planted(site.got, body)
    exchange = make_exchange(path=f"/orders/{canary['id']}", client="198.51.100.1")
    answer = await site.ask(exchange, 404, {"content-type": "text/plain", "server": "shop", "etag": '"a"'}, b"none")
    (signal,) = exchange.signals
    assert (signal.name, signal.severity, signal.confidence) == ("canary.touched", 80, 1.0)
    assert signal.evidence == {
        "decoy": "/orders/{id}", "place": "/orders", "kind": "object", "canary": str(canary["id"]),
        "recipient": "session:s1", "recipient_address": "192.0.2.7", "given": "2023-11-14T22:13:20+00:00",
    }  # fmt: skip
    assert json.loads(answer) == canary
    assert exchange.response is not None
    assert exchange.response.status == 200
    assert exchange.response.headers == Headers.of([*JSON.items(), ("server", "shop")])
    assert exchange.response.length == len(answer)


async def test_another_process_recognises_it(site: Site, state: State) -> None:
    await site.orders()
    exchange = make_exchange(path=f"/orders/{planted(site.got)['id']}")
    assert json.loads(await Site(state).ask(exchange, 404, {}, b"")) == planted(site.got)
    assert [signal.evidence["recipient"] for signal in exchange.signals] == ["session:s1"]


@pytest.mark.parametrize("status", [401, 403, 500])
async def test_who_may_not_ask_is_refused_as_for_any_object(site: Site, status: int) -> None:
    await site.orders()
    exchange = make_exchange(path=f"/orders/{planted(site.got)['id']}")
    assert await site.ask(exchange, status, {}, b"no") == b"no"
    assert len(exchange.signals) == 1


async def test_what_the_upstream_has_is_no_canary(site: Site) -> None:
    await site.orders()
    exchange = make_exchange(path=f"/orders/{planted(site.got)['id']}")
    assert await site.ask(exchange, 200, {}, b"real") == b"real"
    assert exchange.signals == []


async def test_it_is_recognised_in_a_query_in_json_and_below(site: Site) -> None:
    await site.orders()
    canary = planted(site.got)["id"]
    body = json.dumps({"id": [17, canary]}).encode()
    for exchange in (
        make_exchange(path="/orders", query=f"id={canary}".encode()),
        make_exchange("POST", "/orders", JSON, body=body),
        make_exchange(path=f"/orders/{canary}/lines"),
    ):
        assert await site.ask(exchange, 404, {}, b"none") == b"none"
        assert [signal.evidence["canary"] for signal in exchange.signals] == [str(canary)]


async def test_real_objects_are_nothing(site: Site) -> None:
    for path in ("/orders/17", "/orders/abc", "/orders", "/other"):
        exchange = make_exchange(path=path)
        assert await site.ask(exchange, 404, {}, b"none") == b"none"
        assert exchange.signals == []


async def test_a_number_that_nobody_was_given_is_nothing(site: Site) -> None:
    item = ItemCanary(KEY, CanaryItem(path="/orders", detail="/orders/{id}"))
    number = next(number for number in range(1000, 9999) if item.ids.planted(number))
    exchange = make_exchange(path=f"/orders/{number}")
    await site.ask(exchange, 404, {}, b"")
    assert exchange.signals == []


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/html"},
        {**JSON, "content-encoding": "gzip"},
        {**JSON, "cache-control": "public, max-age=60"},
        {**JSON, "cache-control": "s-maxage=60"},
        {**JSON, "content-digest": "sha-256=:a:"},
    ],
)
async def test_some_responses_are_left_alone(site: Site, headers: dict[str, str]) -> None:
    exchange = make_exchange(path="/orders")
    assert await site.ask(exchange, 200, headers, ORDERS) == ORDERS


@pytest.mark.parametrize("body", [b"[]", b'[{"id":1}]', ORDERS[:-1], b" " * 1_100_000 + ORDERS])
async def test_some_bodies_are_left_alone(site: Site, body: bytes) -> None:
    assert await site.ask(make_exchange(path="/orders"), 200, JSON, body) == body


async def test_a_tag_is_that_of_the_new_body_and_conditions_go_by_it(site: Site) -> None:
    headers = {**JSON, "etag": f'"{hashlib.md5(ORDERS).hexdigest()}"', "accept-ranges": "bytes"}
    exchange = make_exchange(path="/orders", headers={"range": "bytes=0-1"})
    body = await site.ask(exchange, 200, headers, ORDERS)
    assert exchange.response is not None
    assert b"range" not in exchange.request.headers
    tag = f'"{hashlib.md5(body).hexdigest()}"'
    assert exchange.response.headers == Headers.of([*JSON.items(), ("etag", tag)])
    again = make_exchange(path="/orders", headers={"if-none-match": f"W/{tag}"})
    assert await site.ask(again, 200, headers, ORDERS) == b""
    assert again.response is not None
    assert (again.response.status, again.response.length) == (304, None)
    assert again.response.headers == Headers.of([("etag", tag)])


async def test_head_tells_no_length_that_would_be_another(site: Site) -> None:
    exchange = make_exchange("HEAD", "/orders")
    await site.ask(exchange, 200, {**JSON, "etag": '"a"'}, b"")
    assert exchange.response is not None
    assert exchange.response.length is None
    assert b"etag" not in exchange.response.headers


async def test_a_field_is_planted_and_its_path_is_recognised_where_no_route_is(site: Site) -> None:
    exchange = make_exchange(path="/orders/17")
    got = json.loads(await site.ask(exchange, 200, JSON, b'{"id": 17, "total": 4}'))
    url = got.pop("debug_url")
    assert got == {"id": 17, "total": 4}
    touched = make_exchange(path=url)
    site.series.on_refused(touched, b"")
    (signal,) = touched.signals
    assert (signal.evidence["kind"], signal.evidence["recipient"]) == ("field", "address:192.0.2.7")
    routed = make_exchange(path=url)
    assert await site.ask(routed, 404, {}, b"none") == b"none"
    assert len(routed.signals) == 1


async def test_recipients_are_told_apart_by_what_they_present(site: Site) -> None:
    ids = set()
    for headers in ({}, {"authorization": "Bearer a"}, {"authorization": "Bearer b"}):
        await site.orders(session=None, **headers)
        ids.add(planted(site.got)["id"])
    assert len(ids) == 3


async def test_what_the_decoy_answers_is_left_alone(site: Site) -> None:
    exchange = make_exchange(path="/orders")
    exchange.diverted = Divert("bartizan-decoy")
    assert await site.ask(exchange, 200, JSON, ORDERS) == ORDERS

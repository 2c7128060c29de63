import asyncio

from tests.detection.profile.traffic import NOW
from tests.support.exchange import make_exchange

from bartizan.detection.profile.guard import ProfileGuard
from bartizan.detection.profile.learner import Learner
from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Response
from bartizan.pipeline import Divert, Exchange, Series, Step

BODY = b'{"id": 7, "status": "paid"}'


def answered(upstream: str = "shop", path: str = "/orders/7", started: float = 1.0) -> Exchange:
    exchange = make_exchange(path=path)
    exchange.started = started
    exchange.upstream, exchange.upstream_time = upstream, 0.01
    fields = Headers.of([("content-type", "application/json")])
    exchange.response = Response(200, fields, Body.of(BODY), length=len(BODY))
    return exchange


def passed(*exchanges: Exchange) -> Learner:
    """Return what was learned of exchanges on their way through a series."""
    learner = Learner()
    guard = ProfileGuard(lambda upstream: learner if upstream == "shop" else None, lambda: NOW)
    series = Series((Step(guard),))

    async def run() -> None:
        for exchange in exchanges:
            assert await series.on_request(exchange) is None
            assert await series.on_response(exchange) is None
            assert exchange.response is not None
            assert exchange.response.body.take() == BODY
            assert exchange.signals == []

    asyncio.run(run())
    return learner


def test_responses_are_learned_and_pass_as_they_are() -> None:
    learner = passed(answered())
    assert learner.fresh.shape("GET", "/orders/1") is not None


def test_of_many_at_once_a_few_are_looked_at() -> None:
    assert passed(*[answered(started=1.0 + index / 1000) for index in range(100)]).learned == 1


def test_what_bartizan_answers_itself_and_decoys_answer_is_not_learned() -> None:
    diverted = answered()
    diverted.diverted = Divert(upstream="bartizan-decoy", because="risk")
    nowhere = answered()
    nowhere.upstream = None
    made_up = answered()
    made_up.made_up = True
    assert passed(answered("bartizan"), diverted, nowhere, made_up).learned == 0


def test_time_is_that_of_the_upstream_and_the_guards_where_a_body_was_uploaded() -> None:
    exchange = answered()
    exchange.request.length = 5
    exchange.timings.append(("waf", 0.002))
    times = passed(exchange).fresh.latencies["read"].times
    assert 0.011 < times[0] < 0.03

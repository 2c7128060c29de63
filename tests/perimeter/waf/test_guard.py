from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.exchange import make_exchange
from tests.support.gateway import Gateway
from tests.support.net import RawClient, wait_until
from tests.support.upstream import Upstream, always

from bartizan.config.model import State as StateSettings
from bartizan.config.model import Waf as Settings
from bartizan.errors import RequestError
from bartizan.evidence.journal import JournalReader
from bartizan.evidence.journal.text import story
from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Response
from bartizan.perimeter.waf.guard import Waf
from bartizan.perimeter.waf.load import load_rules
from bartizan.perimeter.waf.sources import rule_settings, rule_sources
from bartizan.pipeline import Deny, Exchange, Series, Step
from bartizan.storage.state import State, open_state

RULES = r"""
SecRule REQUEST_HEADERS:X-Attack "@contains head" "id:1,phase:1,deny,status:406,msg:'Head'"
SecRule ARGS "@contains evil" "id:2,phase:2,deny,msg:'Evil',logdata:'%{MATCHED_VAR}',tag:'attack-sqli',severity:2"
SecRule REQUEST_LINE "@contains zz" "id:3,phase:1,deny,msg:'Line'"
SecRule REQUEST_BODY "@contains partial" "id:4,phase:2,deny,msg:'Body'"
SecRule RESPONSE_STATUS "@eq 500" "id:5,phase:3,deny,status:502,msg:'Status'"
SecRule RESPONSE_BODY "@contains leak" "id:6,phase:4,deny,status:502,msg:'Leak'"
SecRule ARGS:log "@streq yes" "id:7,phase:5,pass,log,msg:'Logged'"
SecRule ARGS:to "@unconditionalMatch" "id:8,phase:2,redirect:%{ARGS.to},msg:'Elsewhere'"
SecRule ARGS:drop "@streq yes" "id:9,phase:2,drop,msg:'Dropped'"
"""


def settings(**waf: Any) -> Settings:
    return Settings.model_validate({"enabled": True, "directives": RULES, "response_body": {"enabled": True}, **waf})


@pytest.fixture
async def state(tmp_path: Path) -> Any:
    opened = open_state(StateSettings(), tmp_path)
    yield opened
    await opened.close()


def guard(state: State, **waf: Any) -> Waf:
    made = settings(**waf)
    return Waf(load_rules(rule_sources(made), rule_settings(made)), state, plain_responses=True)


def over(exchange: Exchange) -> list[str]:
    """End an exchange as the gateway does; returns the rules that its signals name."""
    for callback in exchange.on_end:
        callback(exchange)
    return [str(signal.evidence["rule"]) for signal in exchange.signals if signal.name == "waf.match"]


def form(body: bytes | Body, **kwargs: Any) -> Exchange:
    return make_exchange("POST", headers={"content-type": "application/x-www-form-urlencoded"}, body=body, **kwargs)


async def test_a_harmless_request_passes(state: State) -> None:
    exchange = make_exchange(query=b"a=b")
    assert await Series((Step(guard(state)),)).on_request(exchange) is None
    assert over(exchange) == []
    assert [name for name, _ in exchange.timings] == ["waf"]


async def test_a_rule_of_phase_1_refuses_before_the_body_has_come(state: State) -> None:
    exchange = make_exchange("POST", headers={"x-attack": "head"}, body=Body())
    verdict = await Series((Step(guard(state)),)).on_request(exchange)
    assert isinstance(verdict, Deny)
    assert verdict.status == 406
    assert over(exchange) == ["1"]


async def test_a_rule_on_the_query_refuses_and_tells_why_and_what_to_change(state: State) -> None:
    exchange = make_exchange(query=b"q=evil", route="search")
    verdict = await Series((Step(guard(state)),)).on_request(exchange)
    assert isinstance(verdict, Deny)
    assert verdict.status == 403
    assert verdict.because.startswith("rule 2: Evil")
    assert '{rule: 2, target: "ARGS:q"}' in verdict.remedy
    assert "route search" in verdict.remedy
    assert over(exchange) == ["2"]
    assert exchange.signals[0].technique == "T1190"


async def test_a_body_is_held_and_looked_at(state: State) -> None:
    body = Body()
    exchange = form(body)
    running = asyncio.create_task(Series((Step(guard(state)),)).on_request(exchange))
    await asyncio.sleep(0)
    body.feed(b"a=ev")
    body.feed(b"il")
    body.end()
    assert isinstance(await running, Deny)
    assert over(exchange) == ["2"]


async def test_a_body_over_the_limit_is_refused_or_looked_at_in_part(state: State) -> None:
    waf = guard(state, request_body={"limit": 16})
    verdict = await Series((Step(waf),)).on_request(form(b"a=" + b"x" * 100))
    assert isinstance(verdict, Deny)
    assert verdict.status == 413
    waf = guard(state, request_body={"limit": 16, "on_limit": "process_partial"})
    assert await Series((Step(waf),)).on_request(form(b"a=" + b"x" * 100)) is None
    assert isinstance(await Series((Step(waf),)).on_request(form(b"a=evil&b=" + b"x" * 100)), Deny)


async def test_detection_only_refuses_nothing_and_tells_everything(state: State) -> None:
    exchange = make_exchange(query=b"q=evil&log=yes", headers={"x-attack": "head"})
    assert await Series((Step(guard(state, mode="detection_only")),)).on_request(exchange) is None
    assert over(exchange) == ["1", "2", "7"]


async def test_responses_are_looked_at_by_head_and_body(state: State) -> None:
    series = Series((Step(guard(state)),))

    async def answer(status: int, body: bytes, **headers: str) -> tuple[int | None, list[str]]:
        exchange = make_exchange()
        assert await series.on_request(exchange) is None
        exchange.response = Response(status, Headers.of(headers.items()), Body.of(body), len(body))
        verdict = await series.on_response(exchange)
        return (verdict.status if isinstance(verdict, Deny) else None), over(exchange)

    text = {"content-type": "text/html"}
    assert await answer(500, b"", **text) == (502, ["5"])
    assert await answer(200, b"a leak", **text) == (502, ["6"])
    assert await answer(200, b"fine", **text) == (None, [])
    assert await answer(200, b"a leak", **{"content-type": "image/png"}) == (None, [])
    assert await answer(200, b"a leak", **text, **{"content-encoding": "gzip"}) == (None, [])
    assert series.plain_responses


async def test_redirects_and_drops_are_carried_out(state: State) -> None:
    series = Series((Step(guard(state)),))
    verdict = await series.on_request(make_exchange(query=b"to=https://other.test/x"))
    assert isinstance(verdict, Deny)
    assert verdict.status == 302
    assert verdict.headers == ((b"location", b"https://other.test/x"),)
    verdict = await series.on_request(make_exchange(query=b"to=/x%0d%0aset-cookie:%20a=b"))
    assert isinstance(verdict, Deny)
    assert verdict.headers == ()
    verdict = await series.on_request(make_exchange(query=b"drop=yes"))
    assert isinstance(verdict, Deny)
    assert verdict.close


async def test_a_refused_request_is_looked_at_through_all_phases_and_nothing_is_decided(state: State) -> None:
    exchange = form(b"a=evil", path="/zz", query=b"log=yes")
    exchange.request.headers.add(b"x-attack", b"head")
    Series((Step(guard(state)),)).on_refused(exchange, b"a=evil")
    assert exchange.verdict is None
    assert [signal.evidence["rule"] for signal in exchange.signals] == [1, 3, 2, 7]


async def test_a_body_that_breaks_off_is_looked_at_as_far_as_it_came(state: State) -> None:
    body = Body()
    exchange = form(body)
    running = asyncio.create_task(Series((Step(guard(state)),)).on_request(exchange))
    await asyncio.sleep(0)
    body.feed(b"a=evil")
    body.fail(RequestError(400, "malformed", "bad chunk"))
    with pytest.raises(RequestError):
        await running
    exchange.error = "malformed"
    assert over(exchange) == ["2"]


async def test_collections_outlive_an_exchange(state: State) -> None:
    rules = (
        'SecAction "id:20,phase:1,nolog,pass,initcol:ip=%{REMOTE_ADDR}"\n'
        'SecAction "id:22,phase:1,nolog,pass,setvar:ip.count=+1"\n'
        'SecRule IP:COUNT "@ge 3" "id:21,phase:2,deny,status:429,msg:\'Too many\'"'
    )
    waf = guard(state, directives=rules)
    verdicts = []
    for _ in range(4):
        exchange = make_exchange()
        exchange.received = asyncio.get_running_loop().time() + 1_700_000_000
        verdicts.append(await Series((Step(waf),)).on_request(exchange))
        over(exchange)
        await asyncio.gather(*waf._storing)
    assert verdicts[0] is None
    assert isinstance(verdicts[-1], Deny)
    other = make_exchange(client="198.51.100.1")
    assert await Series((Step(waf),)).on_request(other) is None


@contextmanager
def serving(tmp_path: Path, upstream: Upstream, **waf: Any) -> Iterator[Gateway]:
    config = {
        "upstreams": [{"name": "api", "nodes": [upstream.node]}],
        "routes": [{"name": "api", "upstream": "api"}],
        "guards": {"waf": {"enabled": True, "directives": RULES, **waf}},
    }
    with Gateway(tmp_path, config) as gateway:
        yield gateway


def told(tmp_path: Path, records: int) -> str:
    journal = tmp_path / "journal"
    wait_until(lambda: journal.exists() and len([*JournalReader(journal).entries()]) == records)
    return story(entry.record for entry in JournalReader(journal).entries())


def test_a_blocked_exchange_reads_well_in_the_journal(tmp_path: Path) -> None:
    with Upstream() as upstream, serving(tmp_path, upstream) as gateway, RawClient(gateway.port) as client:
        client.send(b"GET /search?q=evil&password=hunter2 HTTP/1.1\r\nHost: a\r\n\r\n")
        status, headers, body = client.response()
        text = told(tmp_path, 2)
    assert status == 403
    assert headers[b"content-type"] == b"application/problem+json"
    assert b"Evil" not in body
    assert "decided by       guard waf: deny" in text
    assert "because          rule 2: Evil" in text
    assert 'exclusions: [{rule: 2, target: "ARGS:q"}]' in text
    assert "signal           waf.match" in text
    assert "rule 2, message Evil, variable ARGS:q, data evil" in text
    assert "hunter2" not in text
    assert upstream.received == b""


def test_a_detected_exchange_is_answered_and_told_too(tmp_path: Path) -> None:
    with Upstream() as upstream, serving(tmp_path, upstream, mode="detection_only") as gateway:
        with RawClient(gateway.port) as client:
            client.send(b"GET /search?q=evil HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.response()[0] == 200
        text = told(tmp_path, 2)
    assert "decided by" not in text
    assert "rule 2, message Evil" in text


def test_a_malformed_request_is_answered_as_such_and_its_attack_is_told(tmp_path: Path) -> None:
    with Upstream() as upstream, serving(tmp_path, upstream) as gateway:
        with RawClient(gateway.port) as client:
            client.send(b"GET /%zz?q=evil HTTP/3.0\r\nHost: a\r\n\r\n")
            assert client.until_close().startswith(b"HTTP/1.1 505 ")
        text = told(tmp_path, 3)
    assert "rule 3, message Line" in text
    assert "rule 2, message Evil" in text


def test_responses_are_looked_at_before_anything_of_them_is_sent(tmp_path: Path) -> None:
    answer = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\nleak"
    waf = {"response_body": {"enabled": True}}
    upstream = Upstream(always(answer))
    with upstream, serving(tmp_path, upstream, **waf) as gateway, RawClient(gateway.port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.response()[0] == 502
    assert b"accept-encoding: identity\r\n" in upstream.received

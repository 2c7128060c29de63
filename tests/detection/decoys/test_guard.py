from __future__ import annotations

import pytest
from tests.support.decoys import NOW, decoy_guard, decoy_set
from tests.support.exchange import make_exchange

from bartizan.config.model import KnownClient
from bartizan.detection.decoys.guard import DecoyGuard
from bartizan.detection.fakes.forms import moment_of
from bartizan.detection.profile.learner import Learner
from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Response
from bartizan.pipeline import Exchange, Respond, Series, Step, Verdict

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def ask(guard: DecoyGuard, exchange: Exchange) -> Verdict | None:
    return await Series((Step(guard),)).on_request(exchange)


async def answer(guard: DecoyGuard, exchange: Exchange, status: int, body: bytes = b"Not Found") -> Response:
    """Have an upstream answer, and return what becomes of it."""
    fields = [(b"server", b"u"), (b"content-type", b"text/plain"), (b"etag", b'"1"'), (b"x-own", b"1")]
    exchange.response = Response(status, Headers(fields), Body.of(body), len(body))
    assert await Series((Step(guard),)).on_response(exchange) is None
    return exchange.response


async def test_what_nothing_real_can_be_is_answered_at_once_and_told() -> None:
    exchange = make_exchange(path="/.env")
    verdict = await ask(decoy_guard(), exchange)
    assert isinstance(verdict, Respond)
    assert verdict.response.status == 200
    assert b"DATABASE_URL" in verdict.response.body.peek()
    assert verdict.after > 0
    (signal,) = exchange.signals
    assert (signal.name, signal.severity, signal.confidence) == ("decoy.touched", 60, 1.0)
    assert signal.evidence == {"decoy": "env", "place": "/.env", "kind": "file", "method": "GET"}


@pytest.mark.parametrize("path", ["/", "/.envrc", "/.ENV", "/orders/.env", "/admin/users"])
async def test_other_paths_are_none_of_its_business(path: str) -> None:
    exchange = make_exchange(path=path)
    assert await ask(decoy_guard(), exchange) is None
    assert exchange.signals == []


async def test_what_could_be_real_is_asked_of_the_upstream_first() -> None:
    guard, exchange = decoy_guard(), make_exchange(path="/admin")
    assert await ask(guard, exchange) is None
    assert exchange.signals == []
    response = await answer(guard, exchange, 404)
    assert response.status == 200
    assert b"<form" in response.body.peek()
    assert response.length == len(response.body.peek())
    assert response.headers.items == [
        (b"server", b"u"), (b"content-type", b"text/html; charset=utf-8"), (b"x-own", b"1"),
    ]  # fmt: skip
    assert [signal.name for signal in exchange.signals] == ["decoy.touched"]
    assert exchange.made_up  # nothing is to be learned of it


@pytest.mark.parametrize("status", [200, 301, 401, 403, 500])
async def test_a_real_path_stays_what_it_is(status: int) -> None:
    guard, exchange = decoy_guard(), make_exchange(path="/admin")
    await ask(guard, exchange)
    response = await answer(guard, exchange, status, b"the real one")
    assert (response.status, response.body.peek()) == (status, b"the real one")
    assert exchange.signals == []


async def test_without_an_upstream_none_stands_back() -> None:
    assert isinstance(await ask(decoy_guard(alone=True), make_exchange(path="/admin")), Respond)


async def test_an_answer_that_is_too_long_stays_and_is_told() -> None:
    guard, exchange = decoy_guard(), make_exchange(path="/admin")
    await ask(guard, exchange)
    response = await answer(guard, exchange, 404, b"x" * 100_000)
    assert response.status == 404
    assert [signal.name for signal in exchange.signals] == ["decoy.touched"]


async def test_a_forbidden_export_is_forbidden() -> None:
    guard, exchange = decoy_guard(), make_exchange(path="/internal/export")
    await ask(guard, exchange)
    assert (await answer(guard, exchange, 404)).status == 403


async def test_credentials_are_refused_and_told_without_being_told() -> None:
    exchange = make_exchange("POST", "/wp-login.php", FORM, body=b"log=admin&pwd=hunter2")
    verdict = await ask(decoy_guard(), exchange)
    assert isinstance(verdict, Respond)
    assert b"incorrect" in verdict.response.body.peek()
    (signal,) = exchange.signals
    assert (signal.name, signal.severity) == ("decoy.login", 65)
    assert "'admin', 21 bytes" in str(signal.evidence["tried"])
    assert "hunter2" not in str(signal)


async def test_credentials_in_json_and_to_what_could_be_real() -> None:
    body = b'{"client_id": "svc", "client_secret": "hunter2"}'
    exchange = make_exchange("POST", "/oauth/token", {"content-type": "application/json"}, body=body)
    guard = decoy_guard()
    assert await ask(guard, exchange) is None
    response = await answer(guard, exchange, 405)
    assert response.status == 401
    assert b"invalid_client" in response.body.peek()
    assert "'svc'" in str(exchange.signals[0].evidence["tried"])


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{", b"=&=&=", b"x" * 20_000])
async def test_whatever_is_sent_to_a_login_is_refused(body: bytes) -> None:
    for kind in ("application/json", "application/x-www-form-urlencoded"):
        exchange = make_exchange("POST", "/wp-login.php", {"content-type": kind}, body=body)
        assert isinstance(await ask(decoy_guard(), exchange), Respond)


async def test_other_methods_are_told_and_left_to_the_upstream() -> None:
    exchange = make_exchange("DELETE", "/.env")
    assert await ask(decoy_guard(), exchange) is None
    assert [signal.name for signal in exchange.signals] == ["decoy.touched"]


async def test_known_clients_get_the_answer_and_are_no_signal() -> None:
    scanner = KnownClient(name="scanner", networks=["192.0.2.0/24"])
    guard = decoy_guard(decoy_set(allow=[scanner]))
    exchange = make_exchange(path="/.env")
    assert isinstance(await ask(guard, exchange), Respond)
    assert exchange.signals == []
    preview = make_exchange(path="/.env", headers={"user-agent": "Slackbot 1.0"}, client="203.0.113.1")
    await ask(guard, preview)
    assert preview.signals[0].confidence < 0.1


async def test_files_of_decoys_know_conditions_and_ranges_where_those_of_the_upstream_do() -> None:
    learner = Learner()
    for number in range(8):
        fields = [
            (b"server", b"nginx"),
            (b"content-type", b"text/plain"),
            (b"last-modified", b"Thu, 26 Nov 2026 02:59:0%d GMT" % number),
            (b"etag", b'"%x-5"' % (1795661940 + number)),
            (b"accept-ranges", b"bytes"),
        ]
        exchange = make_exchange(path=f"/{number}.txt")
        learner.head(exchange.request, Response(200, Headers(fields), Body.of(b"hello"), 5), "192.0.2.1", 0.001, NOW)
    guard = decoy_guard(profile=learner.take())

    async def got(**headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        verdict = await ask(guard, make_exchange(path="/.git/HEAD", headers=named))
        assert isinstance(verdict, Respond)
        return verdict.response

    whole = await got()
    assert (whole.status, whole.body.peek()) == (200, b"ref: refs/heads/main\n")
    assert whole.headers.get(b"etag") == b'"%x-15"' % (int(tag_time(whole)))
    assert (await got(if_none_match=(whole.headers.get(b"etag") or b"").decode())).status == 304
    assert (await got(range="bytes=5-8")).body.peek() == b"refs"
    behind = await got(range="bytes=99-")
    assert (behind.status, behind.headers.get(b"content-range")) == (416, b"bytes */21")
    assert behind.headers.get(b"accept-ranges") is None


def tag_time(response: Response) -> float:
    """Return when a file was changed, in Unix seconds."""
    return moment_of((response.headers.get(b"last-modified") or b"").decode()) or 0.0


async def test_other_methods_are_answered_by_the_upstream_where_a_decoy_stands_back() -> None:
    guard, exchange = decoy_guard(), make_exchange("DELETE", "/internal/users")
    await ask(guard, exchange)
    response = await answer(guard, exchange, 405, b"Method Not Allowed")
    assert (response.status, response.body.peek()) == (405, b"Method Not Allowed")
    assert [signal.name for signal in exchange.signals] == ["decoy.touched"]

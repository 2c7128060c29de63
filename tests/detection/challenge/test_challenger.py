from __future__ import annotations

import asyncio
import re

import pytest
from tests.support.challenge import answer_to, task_of, with_pass
from tests.support.exchange import make_exchange
from tests.support.sessions import Clock

from bartizan.access.presented import hide
from bartizan.detection.challenge.challenger import PASS_COOKIE, Challenger
from bartizan.detection.challenge.tickets import PASS_FOR, SOLVE_WITHIN
from bartizan.pipeline import Exchange, TlsInfo

NAVIGATION = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
CHROMIUM = TlsInfo("TLSv1.3", "TLS_AES_128_GCM_SHA256", ja4="t13d1516h2_8daaf6152771_d8a2da3f94cd")
RESUMED = TlsInfo("TLSv1.3", "TLS_AES_128_GCM_SHA256", ja4="t13d1517h1_8daaf6152771_b0da82dd1658", resumed=True)
CURL = TlsInfo("TLSv1.3", "TLS_AES_128_GCM_SHA256", ja4="t13d3112h2_e8f1e7e78f70_b26ce05bbdd6")


async def pass_from(challenger: Challenger, exchange: Exchange, risk: float = 20) -> str:
    cookie = await challenger.redeem(exchange, answer_to(challenger.ask(exchange, risk)))
    assert isinstance(cookie, bytes)
    return cookie.decode().partition(";")[0]


async def test_who_has_done_the_work_passes_until_the_risk_has_risen(challenger: Challenger, clock: Clock) -> None:
    cookie = await pass_from(challenger, make_exchange(tls=CHROMIUM))
    again = with_pass(challenger, cookie, tls=CHROMIUM)
    assert challenger.passed(again, 20)
    assert challenger.passed(again, 35)
    assert not challenger.passed(again, 36)
    clock.forward(PASS_FOR)
    assert not challenger.passed(again, 20)


async def test_the_cookie_is_for_this_host_over_tls_and_not_for_scripts(challenger: Challenger) -> None:
    exchange = make_exchange()
    cookie = await challenger.redeem(exchange, answer_to(challenger.ask(exchange, 0)))
    assert isinstance(cookie, bytes)
    assert cookie.startswith(b"__Host-bartizan-pass=")
    assert cookie.endswith(b"; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=1800")


async def test_a_pass_holds_over_connections_and_not_for_others(challenger: Challenger) -> None:
    cookie = await pass_from(challenger, make_exchange(tls=CHROMIUM))
    assert challenger.passed(with_pass(challenger, cookie, tls=RESUMED), 20)
    assert challenger.passed(with_pass(challenger, cookie, tls=CHROMIUM, client="192.0.2.200"), 20)
    assert not challenger.passed(with_pass(challenger, cookie, tls=CURL), 20)
    assert not challenger.passed(with_pass(challenger, cookie, tls=CHROMIUM, client="198.51.100.7"), 20)
    assert not challenger.passed(make_exchange(tls=CHROMIUM), 20)
    assert not challenger.passed(with_pass(challenger, f"{PASS_COOKIE}=x", tls=CHROMIUM), 20)


async def test_an_answer_is_taken_once_however_many_bring_it_at_once(challenger: Challenger) -> None:
    exchange = make_exchange()
    right = answer_to(challenger.ask(exchange, 0))
    outcomes = await asyncio.gather(*(challenger.redeem(exchange, right) for _ in range(8)))
    assert sum(isinstance(outcome, bytes) for outcome in outcomes) == 1
    assert await challenger.redeem(exchange, right) == "used"


async def test_a_wrong_answer_does_not_spoil_the_right_one(challenger: Challenger) -> None:
    exchange = make_exchange()
    right = answer_to(challenger.ask(exchange, 0))
    wrong = right.rpartition(".")[0] + ".1"
    assert await challenger.redeem(exchange, wrong) == "wrong"
    assert isinstance(await challenger.redeem(exchange, right), bytes)


async def test_an_answer_from_elsewhere_or_too_late_is_refused(challenger: Challenger, clock: Clock) -> None:
    right = answer_to(challenger.ask(make_exchange(tls=CHROMIUM), 0))
    assert await challenger.redeem(make_exchange(tls=CURL), right) == "unknown"
    assert await challenger.redeem(make_exchange(tls=CHROMIUM, client="203.0.113.1"), right) == "unknown"
    clock.forward(SOLVE_WITHIN)
    assert await challenger.redeem(make_exchange(tls=CHROMIUM), right) == "expired"


async def test_one_who_is_more_of_a_risk_has_more_to_do(challenger: Challenger) -> None:
    tasks = [task_of(challenger.ask(make_exchange(), risk)) for risk in (20, 60, 100)]
    assert [task["difficulty"] for task in tasks] == [15, 18, 21]


@pytest.mark.parametrize(("method", "sent"), [("GET", ""), ("HEAD", ""), ("POST", "1")])
def test_a_person_gets_the_page_where_they_were_going(challenger: Challenger, method: str, sent: str) -> None:
    asked = challenger.ask(make_exchange(method, headers=NAVIGATION), 20, because="risk 20", remedy="pardon it")
    text = asked.response.body.take().decode()
    assert f'data-sent="{sent}"' in text
    assert 'data-kept=""' in text
    assert re.search('data-token="[A-Za-z0-9_-]{80,}"', text)
    assert (asked.because, asked.remedy) == ("risk 20", "pardon it")


async def test_the_page_knows_whether_the_browser_keeps_cookies(challenger: Challenger) -> None:
    cookie = await pass_from(challenger, make_exchange())
    exchange = make_exchange(headers={**NAVIGATION, "cookie": cookie})
    challenger.take(exchange)
    asked = challenger.ask(exchange, 90)
    assert 'data-kept="1"' in asked.response.body.take().decode()


async def test_a_pass_that_was_noted_holds_after_it_was_hidden_from_upstreams(challenger: Challenger) -> None:
    exchange = with_pass(challenger, await pass_from(challenger, make_exchange()))
    assert exchange.request.headers.get_all(b"cookie") == [b"a=b; c=d"]
    hide(exchange.request.headers)
    assert challenger.passed(exchange, 20)


def test_upstreams_see_no_pass_and_all_else(challenger: Challenger) -> None:
    exchange = make_exchange(headers={"cookie": f"{PASS_COOKIE}=x", "accept": "*/*"})
    exchange.request.headers.add(b"cookie", f"a=b;{PASS_COOKIE}=y; __Host-bartizan-session=z".encode())
    challenger.take(exchange)
    assert exchange.request.headers.get_all(b"cookie") == [b"a=b; __Host-bartizan-session=z"]
    assert exchange.request.headers.get(b"accept") == b"*/*"
    plain = make_exchange(headers={"cookie": "a=b"})
    challenger.take(plain)
    assert not plain.notes

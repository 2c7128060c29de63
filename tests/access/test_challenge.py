"""How a client is told what is missing."""

from __future__ import annotations

import pytest
from tests.support.exchange import make_exchange

from bartizan.access.challenge import Need, challenge, is_navigation

BROWSER = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "accept": "text/html"}
LOGIN = Need("login", "no session")


def test_a_browser_is_sent_to_the_page_and_told_where_to_come_back() -> None:
    exchange = make_exchange(path="/orders", query=b"a=1&b=2", headers=BROWSER)
    verdict = challenge(exchange.request, LOGIN)
    assert verdict.status == 303
    assert dict(verdict.headers)[b"location"] == b"/.bartizan/login?next=/orders%3Fa%3D1%26b%3D2"


def test_an_api_client_gets_401_and_the_page_for_its_person() -> None:
    verdict = challenge(make_exchange(path="/orders").request, LOGIN)
    headers = dict(verdict.headers)
    assert verdict.status == 401
    assert headers[b"www-authenticate"] == b'DPoP algs="ES256"'
    assert headers[b"bartizan-location"] == b"/.bartizan/login?next=/orders"
    assert headers[b"bartizan-code"] == b"login_required"


def test_step_up_is_told_as_rfc_9470_says() -> None:
    need = Need("reauth", "transfer", factor="webauthn", max_age=300.0)
    headers = dict(challenge(make_exchange(path="/transfers").request, need).headers)
    assert headers[b"www-authenticate"] == (
        b'DPoP algs="ES256", error="insufficient_user_authentication", '
        b'error_description="Prove anew who you are first.", acr_values="phr", max_age="300"'
    )
    assert headers[b"bartizan-location"] == b"/.bartizan/reauth?next=/transfers&factor=webauthn&max_age=300"


def test_an_ended_session_is_an_invalid_token() -> None:
    need = Need("login", "ended", error="invalid_token")
    headers = dict(challenge(make_exchange().request, need).headers)
    assert headers[b"www-authenticate"] == b'DPoP algs="ES256", error="invalid_token"'


def test_a_form_that_waits_comes_with_the_cookie_that_gives_it_back() -> None:
    exchange = make_exchange("POST", "/transfers", BROWSER, query=b"x=1", body=b"a=1")
    verdict = challenge(exchange.request, Need("reauth", "old"), "__Host-bartizan-held=abc; Path=/")
    headers = dict(verdict.headers)
    assert headers[b"location"] == b"/.bartizan/reauth?next=/transfers%3Fx%3D1&held=1"
    assert headers[b"set-cookie"] == b"__Host-bartizan-held=abc; Path=/"


def test_where_to_come_back_is_bounded_and_cannot_break_out_of_the_header() -> None:
    long = challenge(make_exchange(path="/" + "a" * 4000, headers=BROWSER).request, LOGIN)
    assert dict(long.headers)[b"location"] == b"/.bartizan/login?next=/"
    odd = challenge(make_exchange(path="/a", query=b"\r\nx: y\xff#&next=//evil", headers=BROWSER).request, LOGIN)
    where = dict(odd.headers)[b"location"]
    assert where == b"/.bartizan/login?next=/a%3F%0D%0Ax%3A%20y%C3%BF%23%26next%3D//evil"


@pytest.mark.parametrize(
    ("headers", "navigates"),
    [
        (BROWSER, True),
        ({"sec-fetch-mode": "cors", "accept": "text/html"}, False),
        ({"sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}, False),
        ({"sec-fetch-mode": "websocket"}, False),
        ({"accept": "text/html,*/*;q=0.1"}, True),
        ({"accept": "application/json"}, False),
        ({}, False),
    ],
)
def test_who_waits_for_a_page_is_a_browser_that_navigates(headers: dict[str, str], navigates: bool) -> None:
    assert is_navigation(make_exchange(headers=headers).request) is navigates

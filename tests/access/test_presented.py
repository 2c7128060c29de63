"""What a request presents, and what of it an upstream sees."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.exchange import make_exchange

from bartizan.access.presented import Presented, crosses_sites, hide, hide_set_cookies, presented_by
from bartizan.http.headers import Headers

ORIGIN = "https://api.test"


def headers(*pairs: tuple[str, str]) -> Headers:
    return Headers.of(pairs)


@pytest.mark.parametrize(
    ("given_headers", "token"),
    [
        ([("cookie", "__Host-bartizan-session=abc")], "abc"),
        ([("cookie", "a=1; __Host-bartizan-session=abc; b=2")], "abc"),
        ([("cookie", "a=1"), ("cookie", "__Host-bartizan-session=abc")], "abc"),
        ([("cookie", "__Host-bartizan-session=abc; __Host-bartizan-session=abc")], "abc"),
        ([("cookie", "__Host-bartizan-session=abc; __Host-bartizan-session=def")], None),
        ([("cookie", "__Host-bartizan-session=abc"), ("cookie", "__Host-bartizan-session=def")], None),
        ([("cookie", "__Host-bartizan-sessions=abc")], None),
        ([("cookie", "bartizan-session=abc")], None),
        ([("cookie", "x=__Host-bartizan-session=abc")], None),
        ([("authorization", "Bearer abc")], None),
        ([], None),
    ],
)
def test_a_browser_presents_our_cookie(given_headers: list[tuple[str, str]], token: str | None) -> None:
    found = presented_by(headers(*given_headers))
    assert (None if found is None else found.token) == token


def test_an_api_client_presents_a_token_and_a_proof() -> None:
    given_headers = headers(("authorization", "DPoP  abc"), ("dpop", "proof"), ("cookie", "__Host-bartizan-session=x"))
    assert presented_by(given_headers) == Presented("abc", [b"proof"])


def test_two_proofs_are_shown_as_two() -> None:
    assert presented_by(headers(("authorization", "dpop abc"), ("dpop", "1"), ("dpop", "2"))) == Presented(
        "abc", [b"1", b"2"]
    )


def test_upstreams_see_no_cookie_and_no_token_of_ours() -> None:
    seen = headers(
        ("cookie", "a=1; __Host-bartizan-session=abc; b=2"),
        ("cookie", "__Host-bartizan-held=abc"),
        ("authorization", "DPoP abc"),
        ("dpop", "proof"),
        ("accept", "*/*"),
    )
    hide(seen)
    assert seen == headers(("cookie", "a=1; b=2"), ("accept", "*/*"))


def test_what_is_not_ours_stays_as_it_is() -> None:
    seen = headers(("cookie", "a=1;b=2"), ("authorization", "Bearer abc"))
    hide(seen)
    assert seen == headers(("cookie", "a=1;b=2"), ("authorization", "Bearer abc"))


def test_upstreams_set_no_cookie_of_ours() -> None:
    answer = headers(("set-cookie", "a=1"), ("set-cookie", " __Host-bartizan-session=fixed; Path=/; Secure"))
    hide_set_cookies(answer)
    assert answer == headers(("set-cookie", "a=1"))


@pytest.mark.parametrize(
    ("method", "sent", "crosses"),
    [
        ("GET", {"sec-fetch-site": "cross-site"}, False),
        ("POST", {"sec-fetch-site": "same-origin"}, False),
        ("POST", {"sec-fetch-site": "none"}, False),
        ("POST", {"sec-fetch-site": "same-site"}, True),
        ("POST", {"sec-fetch-site": "cross-site"}, True),
        ("DELETE", {"origin": "https://evil.test"}, True),
        ("DELETE", {"origin": "null"}, True),
        ("DELETE", {"origin": "https://API.test"}, False),
        ("DELETE", {"origin": "https://api.test.evil"}, True),
        ("DELETE", {}, False),
    ],
)
def test_other_sites_change_nothing(method: str, sent: dict[str, str], crosses: bool) -> None:
    assert crosses_sites(make_exchange(method, headers=sent).request, ORIGIN) is crosses


def test_other_sites_open_no_websocket() -> None:
    request = make_exchange(headers={"origin": "https://evil.test"}).request
    assert not crosses_sites(request, ORIGIN)
    request.upgrade = b"websocket"
    assert crosses_sites(request, ORIGIN)


@given(st.lists(st.tuples(st.sampled_from([b"cookie", b"authorization", b"dpop", b"x"]), st.binary(max_size=80))))
def test_nothing_of_ours_is_ever_left(fields: list[tuple[bytes, bytes]]) -> None:
    seen = Headers(fields)
    hide(seen)
    assert presented_by(seen) is None

"""Credentials are found wherever clients put them, whatever else a request says."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.exchange import make_exchange

from bartizan.detection.honeytokens.presented import MAX_CREDENTIALS, Credential, Places, jti_of

PLACES = Places(["X-API-Key"], ["access_token", "api_key"])
KEY = "sk_live_0123456789"


def presented(headers: dict[str, str] | None = None, query: bytes | None = None) -> list[Credential]:
    return PLACES.credentials(make_exchange(headers=headers, query=query).request)


@pytest.mark.parametrize(
    ("headers", "query", "where"),
    [
        ({"authorization": f"Bearer {KEY}"}, None, "authorization"),
        ({"authorization": f"DPoP {KEY}"}, None, "authorization"),
        ({"authorization": f"token   {KEY} "}, None, "authorization"),
        ({"authorization": KEY}, None, "authorization"),
        ({"authorization": "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()}, None, "authorization"),
        ({"authorization": "basic " + base64.b64encode(f"me:{KEY}".encode()).decode()}, None, "authorization"),
        ({"x-api-key": KEY}, None, "x-api-key"),
        ({"cookie": f"theme=dark; sid={KEY}"}, None, "cookie"),
        ({"cookie": f'sid="{KEY}"'}, None, "cookie"),
        ({}, f"page=2&api_key={KEY}".encode(), "parameter api_key"),
        ({}, b"access_token=sk%5Flive_0123456789", "parameter access_token"),
    ],
)
def test_a_key_is_found(headers: dict[str, str], query: bytes | None, where: str) -> None:
    assert presented(headers, query) == [Credential(where, KEY.encode())]


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, None),
        ({"accept": "*/*"}, b"q=api_key"),
        ({"cookie": "a=b; c"}, b"my_api_key=0123456789"),
        ({"authorization": "Basic !"}, None),
    ],
)
def test_where_nothing_is_presented_nothing_is_found(headers: dict[str, str], query: bytes | None) -> None:
    assert presented(headers, query) == []


def test_there_is_an_end_to_what_is_looked_at() -> None:
    cookies = "; ".join(f"c{number}=0123456789" for number in range(500))
    assert len(presented({"cookie": cookies})) == MAX_CREDENTIALS


def test_the_id_of_a_jwt_is_read_without_its_signature() -> None:
    payload = base64.urlsafe_b64encode(b'{"sub":"a","jti":"id-1"}').rstrip(b"=")
    assert jti_of(b"eyJhbGciOiJub25lIn0." + payload + b".") == "id-1"
    assert jti_of(b"eyJhbGciOiJub25lIn0." + payload) is None


@given(
    st.one_of(
        st.binary(max_size=60),
        st.tuples(st.binary(max_size=30), st.binary(max_size=9)).map(
            lambda parts: b"ey." + base64.urlsafe_b64encode(parts[0]).rstrip(b"=") + b"." + parts[1]
        ),
    )
)
def test_anything_else_has_none(secret: bytes) -> None:
    assert jti_of(secret) is None

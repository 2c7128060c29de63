"""Any use of a honeytoken is told once, with the place, without the secret; nothing else changes but a signature."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from joserfc import errors
from tests.detection.honeytokens.test_makers import read
from tests.support.exchange import make_exchange
from tests.support.sessions import NOW, Clock

from bartizan.detection.honeytokens.baits import Baits
from bartizan.detection.honeytokens.guard import Honeytokens
from bartizan.detection.honeytokens.makers import JwtMaker
from bartizan.detection.honeytokens.presented import Places
from bartizan.detection.honeytokens.tokens import Honeytoken, digest_of_secret
from bartizan.keys.ring import KeyRing
from bartizan.pipeline import Exchange

PLANTED = b"sk_live_planted0123456789"
TOKEN = Honeytoken("0011", "api_key", "repository infra/terraform", digest_of_secret(PLANTED), form="live")


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing.open(tmp_path, "EdDSA", Clock())


@pytest.fixture
def baits(ring: KeyRing) -> Baits:
    return Baits(b"k" * 32, {}, JwtMaker(ring.sign, "https://api.test", "internal-services"), NOW)


@pytest.fixture
def guard(baits: Baits) -> Honeytokens:
    baits.secret("jwt", "/.env")
    baits.secret("cookie", "/backup.sql")
    return Honeytokens(Places(["X-API-Key"], ["api_key"]), baits.tokens, lambda: {TOKEN.digest: TOKEN})


async def look(guard: Honeytokens, exchange: Exchange) -> list[dict[str, object]]:
    await guard.on_request(exchange)
    assert all(signal.name == "honeytoken.used" and signal.severity == 95 for signal in exchange.signals)
    return [dict(signal.evidence) for signal in exchange.signals]


async def test_its_use_is_told_with_its_place_and_without_the_secret(guard: Honeytokens) -> None:
    exchange = make_exchange(headers={"authorization": f"Bearer {PLANTED.decode()}"})
    (evidence,) = await look(guard, exchange)
    assert evidence == {
        "decoy": "0011", "place": "repository infra/terraform", "kind": "api_key", "where": "authorization",
        "digest": TOKEN.digest[:6].hex(), "form": "live",
    }  # fmt: skip
    assert exchange.credential == f"honeytoken {TOKEN.digest[:6].hex()}"


async def test_it_is_told_once_however_often_it_is_presented(guard: Honeytokens) -> None:
    key = PLANTED.decode()
    headers = {"authorization": f"Bearer {key}", "x-api-key": key, "cookie": f"a={key}"}
    assert len(await look(guard, make_exchange(headers=headers, query=b"api_key=" + PLANTED))) == 1


async def test_a_cookie_of_a_decoy_is_recognised(guard: Honeytokens, baits: Baits) -> None:
    cookie = f"__Host-bartizan-session={baits.secret('cookie', '/backup.sql')}"
    (evidence,) = await look(guard, make_exchange(headers={"cookie": cookie}))
    assert (evidence["place"], evidence["kind"], evidence["where"]) == ("/backup.sql", "cookie", "cookie")


async def test_a_jwt_is_passed_on_with_a_signature_that_does_not_hold(
    guard: Honeytokens, baits: Baits, ring: KeyRing
) -> None:
    token = baits.secret("jwt", "/.env")
    exchange = make_exchange(headers={"authorization": f"Bearer {token}"}, query=b"api_key=" + token.encode())
    (evidence,) = await look(guard, exchange)
    assert evidence["place"] == "/.env"
    passed_on = (exchange.request.headers.get(b"authorization") or b"").decode()
    assert len(passed_on) == len(f"Bearer {token}")
    assert exchange.request.query == b"api_key=" + passed_on.removeprefix("Bearer ").encode()
    read(token, ring)
    with pytest.raises(errors.BadSignatureError):
        read(passed_on.removeprefix("Bearer "), ring)


async def test_a_jwt_is_recognised_with_other_claims_and_no_signature(guard: Honeytokens, baits: Baits) -> None:
    payload = baits.secret("jwt", "/.env").split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["groups"] = ["administrators"]
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    (evidence,) = await look(guard, make_exchange(headers={"authorization": f"Bearer eyJhbGciOiJub25lIn0.{forged}."}))
    assert evidence["kind"] == "jwt"


def test_a_request_that_no_route_takes_is_looked_at(guard: Honeytokens) -> None:
    exchange = make_exchange(headers={"x-api-key": PLANTED.decode()})
    guard.on_refused(exchange, b"")
    assert [signal.name for signal in exchange.signals] == ["honeytoken.used"]


async def test_honest_credentials_are_left_alone(guard: Honeytokens) -> None:
    headers = {"authorization": "Bearer eyJhbGciOiJub25lIn0.e30.c2ln", "cookie": "sid=0123456789abcdef"}
    exchange = make_exchange(headers=headers)
    before = exchange.request.headers.copy()
    assert await look(guard, exchange) == []
    assert exchange.request.headers == before
    assert exchange.credential is None

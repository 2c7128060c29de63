"""What is made cannot be told from the real thing by whoever has the public keys, and no upstream takes it."""

from __future__ import annotations

import json
import secrets
import warnings
from pathlib import Path

import pytest
from joserfc import errors, jwt
from joserfc.jwk import KeySet
from tests.support.sessions import NOW, Clock, make_session

from bartizan.access.assertion import Assertions
from bartizan.access.sessions.model import new_handle, new_secret, split_token
from bartizan.config.model import Access
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.honeytokens.makers import LIFETIME, JwtMaker, make_cookie, quarter
from bartizan.keys.ring import Algorithm, KeyRing

KEY = b"k" * 32


def read(token: str, ring: KeyRing) -> jwt.Token:
    """Read a token as anybody does who has the public keys."""
    keys = KeySet.import_key_set(json.loads(json.dumps(ring.jwks())))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.SecurityWarning)
        return jwt.decode(token, keys, algorithms=["EdDSA", "ES256"])


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256"])
def test_a_jwt_verifies_and_says_what_a_genuine_assertion_says(tmp_path: Path, algorithm: Algorithm) -> None:
    ring = KeyRing.open(tmp_path, algorithm, Clock())
    settings = Access.model_validate(
        {"enabled": True, "origin": "https://api.test", "assertion": {"algorithm": algorithm}}
    )
    genuine = read(Assertions(ring, settings, Clock()).for_session(make_session(), "orders", 0).decode(), ring)
    token, jti = JwtMaker(ring.sign, "https://api.test", "internal-services").make(secrets.token_bytes, NOW)
    made = read(token, ring)
    assert made.header == genuine.header
    assert list(made.claims) == list(genuine.claims)
    assert [type(value) for value in made.claims.values()] == [type(value) for value in genuine.claims.values()]
    assert made.claims["iss"] == genuine.claims["iss"]
    assert made.claims["exp"] > NOW
    assert len(jti) == len(genuine.claims["jti"])
    assert made.claims["jti"] == jti


def test_an_upstream_refuses_it_for_its_audience(tmp_path: Path) -> None:
    ring = KeyRing.open(tmp_path, "EdDSA", Clock())
    token, _ = JwtMaker(ring.sign, "https://api.test", "internal-services").make(secrets.token_bytes, NOW)
    registry = jwt.JWTClaimsRegistry(  # as examples/verify_assertion.py does
        now=lambda: int(NOW), leeway=5, iss={"essential": True, "value": "https://api.test"},
        aud={"essential": True, "value": "orders"}, exp={"essential": True}, sub={"essential": True},
    )  # fmt: skip
    with pytest.raises(errors.InvalidClaimError, match="aud"):
        registry.validate(read(token, ring).claims)


def test_a_cookie_has_the_form_of_a_session() -> None:
    real = f"{new_handle()}.{new_secret()}"
    made = make_cookie(secrets.token_bytes)
    assert split_token(made) is not None
    assert len(made) == len(real)


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256"])
def test_what_a_keyed_hash_makes_is_the_same_again(tmp_path: Path, algorithm: Algorithm) -> None:
    maker = JwtMaker(KeyRing.open(tmp_path, algorithm, Clock()).sign_alike, "https://api.test", "internal-services")
    assert maker.make(Keyed(KEY, "a").draw, NOW) == maker.make(Keyed(KEY, "a").draw, NOW)
    assert make_cookie(Keyed(KEY, "a").draw) == make_cookie(Keyed(KEY, "a").draw) != make_cookie(Keyed(KEY, "b").draw)


@pytest.mark.parametrize("days", [0.0, 1.0, 44.5, 89.9])
def test_a_token_in_a_bait_is_never_expired_nor_of_the_future(days: float) -> None:
    begun = NOW - NOW % LIFETIME
    now = begun + days * 86_400
    issued = quarter(now, Keyed(KEY, "a"))
    assert issued == quarter(begun, Keyed(KEY, "a")) < now

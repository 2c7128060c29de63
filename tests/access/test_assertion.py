"""What upstreams are told of whoever sends a request."""

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.support.sessions import NOW, Clock, make_session

from bartizan.access.assertion import MAX_KEPT, Assertions, methods_of
from bartizan.access.sessions.model import Session
from bartizan.config.model import Access
from bartizan.keys.ring import Algorithm, KeyRing


class Issuer:
    """Makes assertions, and reads them as an upstream does: by the public keys alone."""

    def __init__(self, directory: Path, algorithm: Algorithm = "EdDSA", **settings: Any) -> None:
        self.clock = Clock()
        self.ring = KeyRing.open(directory, algorithm, self.clock)
        access = {"enabled": True, "origin": "https://api.test", "assertion": {"algorithm": algorithm, **settings}}
        self.assertions = Assertions(self.ring, Access.model_validate(access), self.clock)

    def make(self, session: Session | None = None, audience: str = "orders", risk: int = 0) -> bytes:
        return self.assertions.for_session(session or make_session(), audience, risk)

    def read(self, assertion: bytes) -> jwt.Token:
        keys = KeySet.import_key_set(json.loads(json.dumps(self.ring.jwks())))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return jwt.decode(assertion.decode("ascii"), keys, algorithms=["EdDSA", "ES256"])


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path)


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256"])
def test_it_says_who_on_which_device_how_proven_and_for_whom(tmp_path: Path, algorithm: Algorithm) -> None:
    issuer = Issuer(tmp_path, algorithm)
    session = make_session(factors={"password": NOW, "totp": NOW - 5}, aal=2, authenticated=NOW, groups=("a", "b"))
    token = issuer.read(issuer.make(session, "orders", 17))
    assert token.header["alg"] == algorithm
    assert len(token.claims.pop("jti")) == 16
    assert token.claims == {
        "iss": "https://api.test",
        "sub": "principal-1",
        "aud": "orders",
        "iat": int(NOW),
        "exp": int(NOW) + 60,
        "preferred_username": "alice",
        "name": "Alice",
        "groups": ["a", "b"],
        "sid": "session-1",
        "device": "device-1",
        "acr": "urn:bartizan:aal:2",
        "aal": 2,
        "amr": ["mfa", "otp", "pwd"],
        "auth_time": int(NOW),
        "risk": 17,
    }


@pytest.mark.parametrize(
    ("factors", "aal", "methods"),
    [
        (("password",), 1, ["pwd"]),
        (("password", "totp"), 2, ["mfa", "otp", "pwd"]),
        (("password", "push"), 2, ["mca", "mfa", "pwd", "swk"]),
        (("webauthn",), 2, ["mfa", "swk", "user"]),
        (("password", "webauthn"), 3, ["hwk", "mfa", "pwd", "user"]),
        (("recovery",), 1, []),
    ],
)
def test_methods_are_those_of_rfc_8176(factors: tuple[str, ...], aal: int, methods: list[str]) -> None:
    assert methods_of(make_session(factors=dict.fromkeys(factors, NOW), aal=aal)) == methods


def test_it_has_no_secret_and_nothing_that_opens_a_session(issuer: Issuer) -> None:
    session = make_session(secret=b"s" * 32, thumbprint="thumb", address="192.0.2.7")
    said = json.dumps(issuer.read(issuer.make(session)).claims)
    for kept in ("thumb", "192.0.2.7", "ssss"):
        assert kept not in said


def test_it_is_used_again_for_half_its_lifetime(issuer: Issuer) -> None:
    first = issuer.make()
    issuer.clock.forward(29)
    assert issuer.make() == first
    issuer.clock.forward(1)
    later = issuer.read(issuer.make())
    assert later.claims["exp"] == int(NOW) + 90


def test_its_lifetime_can_be_set(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path, lifetime="10m")
    assert issuer.read(issuer.make()).claims["exp"] == int(NOW) + 600


def test_a_clock_that_is_set_back_leaves_none_that_is_from_the_future(issuer: Issuer) -> None:
    first = issuer.make()
    issuer.clock.forward(-1)
    assert issuer.make() != first


@pytest.mark.parametrize(
    "change",
    [
        {"authenticated": NOW + 1},
        {"aal": 3},
        {"groups": ("finance", "administrators")},
        {"factors": {"password": NOW, "totp": NOW}},
        {"name": "alice2"},
        {"display_name": "Alice B."},
        {"id": "session-2"},
        {"secret": b"another"},
    ],
    ids=str,
)
def test_it_is_made_anew_when_it_would_say_something_else(issuer: Issuer, change: dict[str, Any]) -> None:
    assert issuer.make(make_session(**change)) != issuer.make(make_session())


def test_it_is_made_anew_for_another_audience_or_risk(issuer: Issuer) -> None:
    made = {issuer.make(), issuer.make(audience="billing"), issuer.make(risk=1)}
    assert {issuer.read(each).claims["aud"] for each in made} == {"orders", "billing"}
    assert len(made) == 3


def test_use_of_a_session_does_not_change_it(issuer: Issuer) -> None:
    assert issuer.make(make_session(seen=NOW + 5)) == issuer.make(make_session())


def test_after_a_rotation_it_can_still_be_verified(issuer: Issuer) -> None:
    before = issuer.make()
    issuer.ring.rotate()
    issuer.read(before)
    issuer.clock.forward(30)
    kid = issuer.read(issuer.make()).header["kid"]
    assert kid != issuer.read(before).header["kid"]


def test_no_more_are_kept_than_there_may_be(issuer: Issuer) -> None:
    first = issuer.make(audience="first")
    for number in range(MAX_KEPT):
        issuer.make(audience=str(number))
    assert issuer.make(audience="first") != first

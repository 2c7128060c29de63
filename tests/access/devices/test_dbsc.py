"""Device Bound Session Credentials, as a browser speaks them; ``test_dbsc_in_chromium.py`` is a real one."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.proofs import ABSENT, TestDevice, b64
from tests.support.sessions import Clock

from bartizan.access.devices.dbsc import (
    MAX_PROOF,
    OFFER_LIFETIME,
    REFRESH_PATH,
    REGISTER_PATH,
    Dbsc,
    instructions,
    proof_cookie,
)
from bartizan.errors import ProofError
from bartizan.storage.state.lmdb_engine import LmdbState

ORIGIN = "https://api.test"
ALICE, BOB = b"a" * 32, b"b" * 32
LIFETIME = 7200.0


class Browser(TestDevice):
    """Signs as Chromium 156 does: the key in the header of the first proof, only the challenge in the payload."""

    __test__ = False

    def registration(self, challenge: str, header: dict[str, Any] | None = None, **claims: Any) -> str:
        said = {"alg": "ES256", "jwk": self.jwk, "typ": "dbsc+jwt"} | (header or {})
        return self.sign(said, {"jti": challenge} | claims)

    def response(self, challenge: str, header: dict[str, Any] | None = None, **claims: Any) -> str:
        return self.sign({"alg": "ES256", "typ": "dbsc+jwt"} | (header or {}), {"jti": challenge} | claims)


def quoted(value: str, parameter: str = "") -> str:
    found = re.search(parameter + r'"([^"]*)"', value)
    assert found is not None
    return found[1]


async def offered(dbsc: Dbsc, digest: bytes = ALICE) -> str:
    return quoted(await dbsc.offer(digest) or "", "challenge=")


async def challenged(dbsc: Dbsc, digest: bytes = ALICE) -> str:
    return quoted(await dbsc.challenge(digest, "s1", 300.0))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def dbsc(tmp_path: Path, clock: Clock) -> Dbsc:
    return Dbsc(LmdbState(tmp_path, 2**22, clock), ORIGIN)


@pytest.fixture
async def browser(dbsc: Dbsc) -> Browser:
    """A browser that has registered for alice's session."""
    made = Browser()
    await dbsc.register(ALICE, made.registration(await offered(dbsc)), LIFETIME)
    return made


async def test_an_offer_names_algorithm_path_and_challenge(dbsc: Dbsc) -> None:
    offer = await dbsc.offer(ALICE) or ""
    assert re.fullmatch(r'\(ES256\);path="/\.bartizan/dbsc/register";challenge="[A-Za-z0-9_-]{43}"', offer)


async def test_a_browser_registers_its_key(dbsc: Dbsc) -> None:
    browser = Browser()
    proof = browser.registration(await offered(dbsc))
    assert await dbsc.register(ALICE, proof, LIFETIME) == browser.thumbprint


async def test_the_key_may_be_where_the_draft_has_it(dbsc: Dbsc) -> None:
    browser = Browser()
    url = ORIGIN + REGISTER_PATH
    proof = browser.registration(await offered(dbsc), {"jwk": ABSENT}, key=browser.jwk, aud=url, iat="1725579055")
    assert await dbsc.register(ALICE, f'"{proof}"', LIFETIME) == browser.thumbprint


async def test_the_key_signs_one_challenge_after_another(dbsc: Dbsc, browser: Browser) -> None:
    for _ in range(3):
        assert await dbsc.refresh(ALICE, "s1", browser.response(await challenged(dbsc)))


async def test_a_challenge_names_the_session(dbsc: Dbsc) -> None:
    challenge = await dbsc.challenge(ALICE, "s1", 300.0)
    assert re.fullmatch(r'"[A-Za-z0-9_-]{43}";id="s1"', challenge)


async def test_a_browser_without_a_challenge_is_to_get_one(dbsc: Dbsc, browser: Browser) -> None:
    assert not await dbsc.refresh(ALICE, "s1", None)
    assert not await dbsc.refresh(ALICE, "s1", "")


async def test_a_challenge_is_good_once(dbsc: Dbsc, browser: Browser) -> None:
    proof = browser.response(await challenged(dbsc))
    assert await dbsc.refresh(ALICE, "s1", proof)
    assert not await dbsc.refresh(ALICE, "s1", proof)


async def test_a_challenge_is_good_for_its_lifetime(dbsc: Dbsc, browser: Browser, clock: Clock) -> None:
    first, second = await challenged(dbsc), await challenged(dbsc)
    clock.forward(299)
    assert await dbsc.refresh(ALICE, "s1", browser.response(first))
    clock.forward(2)
    assert not await dbsc.refresh(ALICE, "s1", browser.response(second))


async def test_a_challenge_that_was_never_given_is_none(dbsc: Dbsc, browser: Browser) -> None:
    assert not await dbsc.refresh(ALICE, "s1", browser.response("invented"))


async def test_an_offer_is_good_for_its_lifetime_and_once(dbsc: Dbsc, clock: Clock) -> None:
    late = await offered(dbsc)
    clock.forward(OFFER_LIFETIME + 1)
    await refused(dbsc.register(ALICE, Browser().registration(late), LIFETIME), "its challenge")
    browser = Browser()
    proof = browser.registration(await offered(dbsc))
    await dbsc.register(ALICE, proof, LIFETIME)
    await refused(dbsc.register(ALICE, proof, LIFETIME), "its challenge")


async def test_a_session_with_a_key_gets_no_offer(dbsc: Dbsc, browser: Browser) -> None:
    assert await dbsc.offer(ALICE) is None


async def test_nobody_brings_a_second_key(dbsc: Dbsc) -> None:
    first, second = await offered(dbsc), await offered(dbsc)
    browser, thief = Browser(), Browser()
    await dbsc.register(ALICE, browser.registration(first), LIFETIME)
    await refused(dbsc.register(ALICE, thief.registration(second), LIFETIME), "bound to a key already")
    await refused(dbsc.refresh(ALICE, "s1", thief.response(await challenged(dbsc))), "signature")
    assert await dbsc.refresh(ALICE, "s1", browser.response(await challenged(dbsc)))


async def test_nobody_registers_with_an_offer_for_their_own_session(dbsc: Dbsc) -> None:
    thief = Browser()
    await refused(dbsc.register(ALICE, thief.registration(await offered(dbsc, BOB)), LIFETIME), "another session")


async def test_a_challenge_does_not_serve_as_an_offer_nor_the_other_way_round(dbsc: Dbsc) -> None:
    browser, first, second = Browser(), await offered(dbsc), await offered(dbsc)
    await refused(dbsc.register(ALICE, browser.registration(await challenged(dbsc)), LIFETIME), "another session")
    await dbsc.register(ALICE, browser.registration(first), LIFETIME)
    await refused(dbsc.refresh(ALICE, "s1", browser.response(second)), "another session")


async def test_a_challenge_of_another_session_is_refused(dbsc: Dbsc, browser: Browser) -> None:
    await refused(dbsc.refresh(ALICE, "s1", browser.response(await challenged(dbsc, BOB))), "another session")


async def test_a_session_without_a_key_cannot_be_refreshed(dbsc: Dbsc, browser: Browser) -> None:
    await refused(dbsc.refresh(BOB, "s2", None), "no key")


async def test_a_key_lasts_as_long_as_its_session(dbsc: Dbsc, browser: Browser, clock: Clock) -> None:
    clock.forward(LIFETIME + 1)
    await refused(dbsc.refresh(ALICE, "s1", None), "no key")


@pytest.mark.parametrize(
    ("header", "claims", "match"),
    [
        ({"typ": "JWT"}, {}, "typ"),
        ({"typ": "dpop+jwt"}, {}, "typ"),
        ({"typ": ABSENT}, {}, "well-formed"),
        ({"alg": "none"}, {}, "alg"),
        ({"alg": "RS256"}, {}, "alg"),
        ({"crit": ["x"]}, {}, "crit"),
        ({}, {"jti": ABSENT}, "well-formed"),
        ({}, {"jti": 7}, "well-formed"),
        ({}, {"aud": ORIGIN + REGISTER_PATH}, "aud"),
        ({}, {"aud": "https://evil.test" + REFRESH_PATH}, "aud"),
        ({}, {"sub": "s2"}, "sub"),
        ({"jwk": TestDevice().jwk}, {}, "another key"),
    ],
)
async def test_what_a_refresh_says_has_to_be_right(
    dbsc: Dbsc, browser: Browser, header: dict[str, Any], claims: dict[str, Any], match: str
) -> None:
    proof = browser.response(await challenged(dbsc), header, **claims)
    await refused(dbsc.refresh(ALICE, "s1", proof), match)


async def test_what_a_refresh_may_say_besides(dbsc: Dbsc, browser: Browser) -> None:
    url = ORIGIN + REFRESH_PATH
    proof = browser.response(await challenged(dbsc), {"jwk": browser.jwk}, aud=url, sub="s1", iat=1, more=[1])
    assert await dbsc.refresh(ALICE, "s1", proof)


@pytest.mark.parametrize(
    ("header", "claims", "match"),
    [
        ({"jwk": ABSENT}, {}, "no key"),
        ({"jwk": TestDevice().jwk}, {}, "signature"),
        ({}, {"aud": ORIGIN + REFRESH_PATH}, "aud"),
        ({}, {"sub": "s1"}, "sub"),
        ({"typ": "dpop+jwt"}, {}, "typ"),
    ],
)
async def test_what_a_registration_says_has_to_be_right(
    dbsc: Dbsc, header: dict[str, Any], claims: dict[str, Any], match: str
) -> None:
    proof = Browser().registration(await offered(dbsc), header, **claims)
    await refused(dbsc.register(ALICE, proof, LIFETIME), match)


@pytest.mark.parametrize("jwk", [{}, {"kty": "RSA", "n": "AQAB", "e": "AQAB"}, TestDevice().jwk | {"d": "AAAA"}])
async def test_a_key_that_is_no_public_key_on_p256_is_refused(dbsc: Dbsc, jwk: dict[str, str]) -> None:
    with pytest.raises(ProofError) as caught:
        await dbsc.register(ALICE, Browser().registration(await offered(dbsc), {"jwk": jwk}), LIFETIME)
    assert caught.value.code == "invalid_key"


@pytest.mark.parametrize(
    "response", [None, "", '"', '""', "a.b.c", b64(b"[" * 2000) + ".e30.AA", "x" * (MAX_PROOF + 1)]
)
async def test_what_is_no_proof_registers_nothing(dbsc: Dbsc, response: str | None) -> None:
    await refused(dbsc.register(ALICE, response, LIFETIME), "well-formed")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.text(max_size=300))
async def test_anything_is_a_proof_or_refused(dbsc: Dbsc, response: str) -> None:
    await refused(dbsc.register(ALICE, response, LIFETIME), "well-formed")


def test_the_instructions_bind_all_of_the_origin_but_our_own_pages() -> None:
    told = instructions("s1")
    assert told["session_identifier"] == "s1"
    assert told["refresh_url"] == REFRESH_PATH
    assert told["scope"]["include_site"] is False
    assert told["scope"]["scope_specification"] == [{"type": "exclude", "domain": "*", "path": "/.bartizan"}]


def test_the_cookie_is_the_one_that_the_instructions_name_and_runs_out_before_the_proof() -> None:
    (credential,) = instructions("s1")["credentials"]
    pair, _, rest = proof_cookie(300.0).partition("; ")
    assert pair == f"{credential['name']}=1"
    assert rest == f"{credential['attributes']}; Max-Age=240"
    assert proof_cookie(1.0).endswith("Max-Age=1")


async def refused(attempt: Any, match: str) -> None:
    with pytest.raises(ProofError, match=match) as caught:
        await attempt
    assert caught.value.code == "invalid_dbsc_proof"

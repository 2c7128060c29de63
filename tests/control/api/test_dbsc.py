"""Sessions that a browser keeps proved by itself, with a key that the gateway learns at login."""

from __future__ import annotations

import re

import httpx
import pytest
from tests.support.control import ORIGIN
from tests.support.device import SESSION, Browser
from tests.support.people import Someone, World
from tests.support.proofs import TestDevice

PROOF = "__Host-bartizan-proof"


class Native:
    """What a browser with DBSC does on its own: another key than the page's, the same cookies.

    ``challenge`` is the one that it was given last.
    """

    def __init__(self, world: World, browser: Browser) -> None:
        self.world = world
        self.browser = browser
        self.key = TestDevice()
        self.challenge = ""

    def register(self, offer: str) -> httpx.Response:
        challenge = re.search('challenge="([^"]+)"', offer)
        assert challenge is not None
        header = {"alg": "ES256", "jwk": self.key.jwk, "typ": "dbsc+jwt"}
        return self.send("register", self.key.sign(header, {"jti": challenge[1]}))

    def refresh(self, challenge: str | None = None, **fields: str) -> httpx.Response:
        proof = self.key.sign({"alg": "ES256", "typ": "dbsc+jwt"}, {"jti": challenge or self.challenge})
        return self.send("refresh", proof, **fields)

    def send(self, path: str, proof: str | None = None, **fields: str) -> httpx.Response:
        browser = self.browser
        headers = {
            "user-agent": browser.agent,
            "bartizan-client": browser.address,
            "bartizan-ja4": browser.ja4,
            "origin": ORIGIN,
            "sec-fetch-site": "same-origin",
            "sec-fetch-mode": "no-cors",
            "sec-secure-session-id": self.session_id(),
            **({"secure-session-response": proof} if proof else {}),
            "cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items()),
        }
        headers |= {name.replace("_", "-"): value for name, value in fields.items()}
        response = self.world.client.post(f"/.bartizan/dbsc/{path}", headers=headers)
        for each in response.headers.get_list("set-cookie"):
            name, _, value = each.split("; ")[0].partition("=")
            browser.cookies[name] = value
        if "secure-session-challenge" in response.headers:
            self.challenge = response.headers["secure-session-challenge"].split('"')[1]
        return response

    def session_id(self) -> str:
        found = self.world.session(self.browser)
        return found.session.id if found is not None else "none"


@pytest.fixture
def alice(world: World) -> Someone:
    return world.enrol("alice")


@pytest.fixture
def native(world: World, alice: Someone) -> Native:
    """Alice's browser, whose key is registered."""
    native = Native(world, alice.browser)
    native.register(alice.log_in().headers["secure-session-registration"])
    return native


def test_a_login_offers_it_and_the_browser_registers(world: World, alice: Someone) -> None:
    native = Native(world, alice.browser)
    response = native.register(alice.log_in().headers["secure-session-registration"])
    assert response.status_code == 200
    assert response.json()["session_identifier"] == native.session_id()
    assert f'";id="{native.session_id()}"' in response.headers["secure-session-challenge"]
    assert native.browser.cookies[PROOF] == "1"
    assert response.headers["cache-control"] == "no-store"


def test_a_refresh_keeps_the_session_proved_and_changes_its_cookie(world: World, native: Native) -> None:
    world.clock.forward(290)
    before, used = native.browser.cookies[SESSION], world.session(native.browser)
    response = native.refresh()
    assert (response.status_code, response.content) == (200, b"")
    after = world.session(native.browser)
    assert used is not None
    assert after is not None
    assert native.browser.cookies[SESSION] != before
    assert after.session.proved == world.clock()
    assert after.session.seen == used.session.seen  # nobody may be sitting there


def test_one_refresh_follows_another(world: World, native: Native) -> None:
    for _ in range(3):
        world.clock.forward(240)
        assert native.refresh().status_code == 200


def test_a_browser_without_a_fresh_challenge_gets_one(world: World, native: Native) -> None:
    world.clock.forward(700)
    assert native.refresh().status_code == 403
    assert native.refresh().status_code == 200
    assert native.send("refresh").status_code == 403
    assert native.refresh().status_code == 200


def test_a_proof_is_good_once(native: Native) -> None:
    challenge = native.challenge
    assert native.refresh(challenge).status_code == 200
    assert native.refresh(challenge).status_code == 403


def test_whoever_stole_the_cookie_has_not_the_key(world: World, native: Native) -> None:
    thief = Native(world, native.browser)
    proved = world.session(native.browser)
    assert proved is not None
    world.clock.forward(100)
    assert thief.send("refresh").status_code == 403
    assert thief.refresh().status_code == 401
    after = world.session(native.browser)
    assert after is not None
    assert after.session.proved == proved.session.proved


def test_the_offer_of_another_login_binds_no_session(world: World, alice: Someone) -> None:
    victim = Native(world, alice.browser)
    alice.log_in()
    mallory = world.enrol("mallory")
    offer = mallory.log_in().headers["secure-session-registration"]
    assert victim.register(offer).status_code == 401


def test_a_step_up_leaves_the_key(alice: Someone, native: Native) -> None:
    answer = alice.prove_anew()
    assert answer["step"] == "done"
    assert "secure-session-registration" not in answer.headers
    assert native.refresh().status_code == 200


def test_a_new_login_ends_what_the_browser_does_for_the_old_session(alice: Someone, native: Native) -> None:
    old = native.session_id()
    native.register(alice.log_in().headers["secure-session-registration"])
    assert native.send("refresh", sec_secure_session_id=old).status_code == 401
    assert native.send("refresh", sec_secure_session_id=f'"{native.session_id()}"').status_code == 403


def test_after_logging_out_there_is_nothing_to_refresh(alice: Someone, native: Native) -> None:
    cookies = dict(native.browser.cookies)
    alice.browser.post("logout")
    native.browser.cookies = cookies
    assert native.refresh().status_code == 401


def test_a_client_that_changed_is_not_kept_proved(native: Native) -> None:
    assert native.refresh(bartizan_client="203.0.113.9").status_code == 401


@pytest.mark.parametrize("path", ["register", "refresh"])
def test_another_site_cannot_ask(native: Native, path: str) -> None:
    assert native.send(path, origin="https://evil.test", sec_fetch_site="cross-site").status_code == 403
    assert native.send(path, origin="https://evil.test").status_code == 403


def test_an_api_client_gets_no_offer(world: World, alice: Someone) -> None:
    browser = alice.browser
    browser.post("login", {"name": "alice", "password": alice.password, "client": True})
    answer = browser.post("factors/totp", {"code": alice.code()})
    assert answer["token_type"] == "DPoP"
    assert "secure-session-registration" not in answer.headers

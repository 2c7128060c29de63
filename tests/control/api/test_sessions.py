"""A request that waits for a step-up is given back once, to whom it belongs."""

import base64

import pytest
from tests.support.device import HELD, SESSION, Browser
from tests.support.people import Someone, World

from bartizan.access.held import HeldRequest, hold


def hold_for(world: World, someone: Someone, browser: Browser | None = None) -> None:
    """Have the edge hold a form for somebody, whose browser gets the cookie."""
    request = HeldRequest(someone.id, "/transfers?from=giro", "application/x-www-form-urlencoded", b"amount=2000")
    value = world.control.run(hold(world.control.services.state, request))
    (browser or someone.browser).cookies[HELD] = value


def test_held_request_is_given_back_once(world: World) -> None:
    alice = world.enrol()
    hold_for(world, alice)
    cookies = dict(alice.browser.cookies)

    answer = alice.browser.post("held")

    assert answer.data == {
        "action": "/transfers?from=giro",
        "content_type": "application/x-www-form-urlencoded",
        "body": base64.urlsafe_b64encode(b"amount=2000").decode().rstrip("="),
    }
    assert HELD not in alice.browser.cookies
    alice.browser.cookies = cookies
    assert (alice.browser.post("held").status, alice.browser.post("held").code) == (410, "held_gone")


def test_it_is_given_to_nobody_else(world: World) -> None:
    alice, bob = world.enrol("alice"), world.enrol("bob")
    hold_for(world, alice, bob.browser)

    assert bob.browser.post("held").code == "held_gone"


def test_it_is_not_given_to_whoever_has_only_the_cookies(world: World) -> None:
    alice = world.enrol()
    hold_for(world, alice)
    thief = world.browser(cookies=dict(alice.browser.cookies))

    assert thief.post("held").code == "login_required"


@pytest.mark.parametrize("cookie", ["", "x", "x.y", ".", "a" * 128, "a.b.c"])
def test_cookies_that_are_none_give_nothing(world: World, cookie: str) -> None:
    alice = world.enrol()
    alice.browser.cookies[HELD] = cookie

    assert alice.browser.post("held").code == "held_gone"


def test_step_up_says_that_something_waits(world: World) -> None:
    alice = world.enrol()
    hold_for(world, alice)
    alice.browser.post("reauth/begin", {"next": "/transfers", "held": True, "factor": "totp"})

    answer = alice.browser.post("factors/totp", {"code": alice.code()})

    assert (answer["step"], answer["to"], answer["held"]) == ("done", "/transfers", True)
    assert alice.browser.post("held").status == 200


def test_logout_forgets_what_waits(world: World) -> None:
    alice = world.enrol()
    hold_for(world, alice)
    alice.browser.post("logout")

    assert alice.browser.cookies == {}


@pytest.mark.parametrize(
    "body",
    [
        {"factor": "sms"},
        {"max_age": -1},
        {"max_age": 1e9},
        {"next": "x" * 2049},
        {"held": "yes"},
    ],
)
def test_step_ups_are_asked_for_in_their_form(world: World, body: dict[str, object]) -> None:
    alice = world.enrol()

    assert alice.browser.post("reauth/begin", body).status == 400


def test_api_client_renews_its_token(world: World) -> None:
    alice = world.enrol()
    client = world.browser(agent="curl/8.5.0")
    client.post("login", {"name": "alice", "password": alice.password, "client": True})
    number = client.post("device")["number"]
    world.settle()
    alice.confirm(number)
    client.post("device/status")
    client.token = client.post("factors/totp", {"code": alice.code()})["access_token"]

    answer = client.post("session/prove")

    assert (answer["token_type"], "set-cookie" in answer.headers) == ("DPoP", False)
    assert answer["access_token"] != client.token
    client.token = answer["access_token"]
    begun = client.post("reauth/begin", {"factor": "totp"})
    assert begun.status == 200
    renewed = client.post("factors/totp", {"code": alice.code()})
    assert renewed["access_token"] != client.token
    assert SESSION not in client.cookies

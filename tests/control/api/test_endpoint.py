"""What every endpoint asks of a request: a fresh proof, from our pages, in its form; and what it needs besides."""

import json
from typing import Any

import httpx
import msgspec
import pytest
from tests.support.control import ORIGIN
from tests.support.device import LOGIN, SESSION, Browser, make_proof, new_key
from tests.support.people import World

from bartizan.control.api.endpoint import Endpoint
from bartizan.control.api.table import API, BASE

EVERY = [pytest.param(endpoint, id=endpoint.path) for endpoint in API]


def send(world: World, browser: Browser, name: str = "login", *, body: bytes = b"{}", **fields: str) -> httpx.Response:
    """Send a request as it is told, with a proof unless there is another."""
    headers = {
        "content-type": "application/json",
        "user-agent": browser.agent,
        "bartizan-client": browser.address,
        "bartizan-ja4": browser.ja4,
    }
    given = {key.replace("_", "-"): value for key, value in fields.items()}
    if "dpop" not in given:
        given["dpop"] = browser.proof(name)
    return world.client.post(BASE + name, content=body, headers={**headers, **given})


def ready(world: World) -> Browser:
    """Return a browser that has a nonce."""
    browser = world.browser()
    browser.post("factors")
    return browser


def test_without_a_proof_nothing_is_answered(world: World) -> None:
    response = world.client.post(BASE + "login", json={"name": "a", "password": "b"})

    assert response.status_code == 401
    assert response.json()["code"] == "invalid_dpop_proof"
    assert response.headers["dpop-nonce"]


def test_nonce_is_given_with_every_answer(world: World) -> None:
    browser = world.browser()
    response = send(world, browser)
    assert (response.status_code, response.json()["code"]) == (401, "use_dpop_nonce")
    assert response.headers["www-authenticate"] == 'DPoP error="use_dpop_nonce", algs="ES256"'

    browser.nonce = response.headers["dpop-nonce"]
    response = send(world, browser)
    assert response.status_code == 400
    assert response.headers["dpop-nonce"] not in (None, browser.nonce)


def test_clock_of_the_client_does_not_matter(world: World) -> None:
    browser = world.browser()
    proof = browser.proof("login", now=1.0)
    assert send(world, browser, dpop=proof).json()["code"] == "use_dpop_nonce"
    browser.nonce = world.control.services.nonces.issue()

    assert send(world, browser, dpop=browser.proof("login", now=1.0)).status_code == 400


def test_proof_is_good_once(world: World) -> None:
    browser = ready(world)
    proof = browser.proof("login")
    assert send(world, browser, dpop=proof).status_code == 400

    assert send(world, browser, dpop=proof).json()["code"] == "use_dpop_nonce"
    (signal,) = world.raised("access.proof_replayed")
    assert {(actor.kind, actor.value) for actor in signal.actors} >= {("address", "192.0.2.7")}


def test_nonce_is_good_for_five_minutes(world: World) -> None:
    browser = ready(world)
    world.clock.forward(301)

    assert send(world, browser).json()["code"] == "use_dpop_nonce"


@pytest.mark.parametrize(
    "changes",
    [
        {"url": f"{ORIGIN}{BASE}logout"},
        {"url": "https://evil.example/.bartizan/api/login"},
        {"url": f"http://gateway.test{BASE}login"},
        {"method": "GET"},
    ],
)
def test_proof_is_for_this_request(world: World, changes: dict[str, Any]) -> None:
    browser = ready(world)

    response = send(world, browser, dpop=browser.proof("login", **changes))

    assert (response.status_code, response.json()["code"]) == (401, "invalid_dpop_proof")


def test_two_proofs_are_none(world: World) -> None:
    browser = ready(world)
    nonce = world.control.services.nonces.issue()
    proofs = [browser.proof("login"), make_proof(new_key(), "POST", f"{ORIGIN}{BASE}login", now=0, nonce=nonce)]
    headers = [("content-type", "application/json"), *(("dpop", proof) for proof in proofs)]

    response = world.client.post(BASE + "login", content=b"{}", headers=headers)

    assert response.json()["code"] == "invalid_dpop_proof"


@pytest.mark.parametrize("proof", ["", "x", "a.b.c", "." * 5000, "eyJ.eyJ.eyJ"])
def test_what_is_no_proof_is_refused(world: World, proof: str) -> None:
    response = send(world, world.browser(), dpop=proof.encode().decode("latin-1"))

    assert response.status_code in (400, 401)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
        ({"content_type": "text/plain"}, 415),
        ({"host": "evil.example"}, 421),
        ({"origin": ORIGIN, "sec_fetch_site": "same-origin"}, 400),
    ],
)
def test_other_sites_cannot_have_a_browser_send_it(world: World, fields: dict[str, str], status: int) -> None:
    alice = world.enrol()
    cookie = "; ".join(f"{name}={value}" for name, value in alice.browser.cookies.items())

    response = send(world, alice.browser, "account/revoke-device", cookie=cookie, **fields)

    assert response.status_code == status


def test_only_post_is_answered(world: World) -> None:
    for endpoint in API:
        assert world.client.get(BASE + endpoint.path).status_code == 405, endpoint.path


@pytest.mark.parametrize(
    "body",
    [b"[]", b"null", b"{", b'{"unknown": 1}', b"\xff", b'{"a":' * 2000, b'{"next": 1, "name": []}', b"\xef\xbb\xbf{}"],
)
def test_bodies_have_their_form(world: World, body: bytes) -> None:
    response = send(world, ready(world), body=body)

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"


def test_bodies_are_bounded(world: World) -> None:
    response = send(world, ready(world), body=json.dumps({"name": "x" * 70_000}).encode())

    assert response.status_code == 413


@pytest.mark.parametrize("endpoint", EVERY)
def test_nothing_is_taken_that_is_not_asked_for(endpoint: Endpoint[Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"nothing of the kind": 1}, endpoint.form)


def test_without_what_it_needs_it_refuses_before_it_looks_at_anything(world: World) -> None:
    browser = ready(world)
    for endpoint in API:
        if endpoint.needs == "nothing":
            continue
        answer = browser.post(endpoint.path, {"nothing of the kind": 1})
        expected = "login_expired" if endpoint.needs in ("login", "enrolment") else "login_required"
        assert (answer.status, answer.code) == (401, expected), endpoint.path


@pytest.mark.parametrize("settings", [{"login": {"per_device": 10_000}}])
def test_stolen_cookie_is_worth_nothing_anywhere(world: World) -> None:
    alice = world.enrol(passkey=False)
    for endpoint in API:
        if endpoint.needs in ("nothing", "login", "enrolment"):
            continue
        alice.log_in()
        thief = world.browser(cookies={SESSION: alice.browser.cookies[SESSION]})
        assert thief.post(endpoint.path).code == "login_required", endpoint.path
        assert world.session(alice.browser) is None, endpoint.path


def test_problems_follow_rfc_9457(world: World) -> None:
    browser = ready(world)

    response = send(world, browser, "account", bartizan_exchange="01J0000000000000000000000A")

    document = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert document["type"] == "about:blank"
    assert (document["status"], document["title"]) == (401, "Unauthorized")
    assert document["instance"] == "urn:bartizan:exchange:01J0000000000000000000000A"
    assert response.headers["www-authenticate"].startswith("DPoP ")


def test_answers_are_not_stored(world: World) -> None:
    assert send(world, ready(world)).headers["cache-control"] == "no-store"


def test_reauth_required_says_by_what_and_how_recently(world: World) -> None:
    alice = world.enrol()
    world.clock.forward(301)

    answer = alice.browser.post("account/webauthn/options")

    assert (answer.status, answer.code) == (401, "reauth_required")
    assert answer["max_age"] == 300
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_user_authentication"' in challenge
    assert 'max_age="300"' in challenge
    assert alice.prove_anew()["step"] == "done"
    assert alice.browser.post("account/webauthn/options").status == 200


def test_cookies_that_are_too_long_are_none(world: World) -> None:
    browser = ready(world)
    cookie = f"{LOGIN}={'x' * 300}; {SESSION}={'y' * 300}"

    assert send(world, browser, "factors", cookie=cookie).json()["code"] == "login_expired"
    browser = ready(world)
    assert send(world, browser, "account", cookie=cookie).json()["code"] == "login_required"

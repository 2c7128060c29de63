"""Step-up: proving anew who one is, within a session."""

import pytest
from tests.support.device import SESSION, Browser
from tests.support.people import PASSWORD, World

ROOMY = {"login": {"per_device": 100_000}}


def begin(browser: Browser, factor: str = "any", **more: object) -> list[str]:
    answer = browser.post("reauth/begin", {"next": "/", "factor": factor, **more})
    assert answer.status == 200, answer
    return list(answer["available"])


def test_passkey_renews_session_and_token(world: World) -> None:
    alice = world.enrol()
    alice.log_in()
    before, old = alice.browser.cookies[SESSION], world.session(alice.browser)
    world.clock.forward(200)

    assert alice.prove_anew()["step"] == "done"

    found = world.session(alice.browser)
    assert found is not None
    assert old is not None
    assert alice.browser.cookies[SESSION] != before
    assert found.session.authenticated == found.session.factors["webauthn"] == world.clock()
    assert (old.session.aal, found.session.aal) == (2, 3)
    assert found.session.expires == old.session.expires
    assert found.session.factors["totp"] == old.session.factors["totp"]
    world.clock.forward(11)
    assert world.browser(key=alice.browser.key, cookies={SESSION: before}).post("account").status == 401


def test_what_is_asked_for_is_what_counts(world: World) -> None:
    alice = world.enrol()
    alice.log_in()
    assert begin(alice.browser, "webauthn") == ["webauthn"]
    assert alice.browser.post("factors/totp", {"code": alice.code()}).code == "factor_not_accepted"
    assert alice.browser.post("factors/password", {"password": PASSWORD}).code == "factor_not_accepted"

    assert begin(alice.browser, "any") == ["webauthn", "totp", "password"]
    assert alice.browser.post("factors/password", {"password": "wrong"}).code == "factor_refused"
    assert alice.browser.post("factors/password", {"password": PASSWORD})["step"] == "done"


def test_password_does_not_raise_the_level(world: World) -> None:
    alice = world.enrol()
    alice.log_in()
    begin(alice.browser, "password")
    alice.browser.post("factors/password", {"password": PASSWORD})

    found = world.session(alice.browser)
    assert found is not None
    assert found.session.aal == 2


def test_session_of_level_3_is_renewed_by_passkey(world: World) -> None:
    alice = world.enrol()
    alice.prove_anew()

    assert begin(alice.browser) == ["webauthn"]


def test_changed_network_is_made_up_for_by_more_than_the_password(world: World) -> None:
    alice = world.enrol()
    alice.log_in()
    alice.browser.address = "203.0.113.5"
    assert alice.browser.post("account").code == "reauth_required"

    answer = alice.browser.post("reauth/begin", {"next": "/"})
    assert answer["available"] == ["webauthn", "totp"]
    assert answer["why"] == "Your network has changed."
    assert alice.browser.post("factors/totp", {"code": alice.code()})["step"] == "done"

    found = world.session(alice.browser)
    assert found is not None
    assert (found.session.reauth, found.session.facts.network) == ("", "203.0.113.0/24")
    assert alice.browser.post("account").status == 200


def test_what_was_proven_in_another_tab_is_not_asked_for_again(world: World) -> None:
    alice = world.enrol()
    alice.prove_anew()

    answer = alice.browser.post("reauth/begin", {"next": "/pay", "factor": "webauthn", "max_age": 300, "held": True})

    assert answer.data == {"step": "done", "to": "/pay", "held": True}
    world.clock.forward(301)
    assert begin(alice.browser, "webauthn", max_age=300) == ["webauthn"]


def test_one_goes_on_to_this_origin_only(world: World) -> None:
    alice = world.enrol()
    alice.browser.post("reauth/begin", {"next": "//evil.example", "factor": "totp"})

    assert alice.browser.post("factors/totp", {"code": alice.code()})["to"] == "/"


def test_step_up_of_another_browser_is_not_gone_on_with(world: World) -> None:
    alice = world.enrol()
    begin(alice.browser, "totp")
    thief = world.browser(cookies=dict(alice.browser.cookies))

    assert thief.post("factors/totp", {"code": alice.code()}).code == "login_expired"


def test_stolen_cookie_cannot_be_stepped_up(world: World) -> None:
    alice = world.enrol()
    thief = world.browser(cookies={SESSION: alice.browser.cookies[SESSION]})

    assert thief.post("reauth/begin", {}).code == "login_required"
    assert len(world.raised("access.cookie_stolen")) == 1


def test_session_that_ended_meanwhile_does_not_come_back(world: World) -> None:
    alice = world.enrol()
    alice.log_in()
    begin(alice.browser, "totp")
    cookies = dict(alice.browser.cookies)
    alice.browser.post("logout")
    alice.browser.cookies = cookies

    answer = alice.browser.post("factors/totp", {"code": alice.code()})

    assert answer.code == "login_required"
    assert world.session(alice.browser) is None


def test_guesses_end_here_too(world: World) -> None:
    alice = world.enrol()
    begin(alice.browser, "totp")

    codes = [alice.browser.post("factors/totp", {"code": "abcdef"}).code for _ in range(5)]

    assert codes[-1] == "no_attempts_left"
    assert alice.browser.post("account").status == 200


def test_proof_of_one_session_does_not_renew_another(world: World) -> None:
    alice = world.enrol()
    first = dict(alice.browser.cookies)
    alice.browser.cookies = {}
    alice.log_in()
    second = dict(alice.browser.cookies)
    alice.browser.cookies = {SESSION: first[SESSION]}
    world.clock.forward(100)
    alice.prove_anew()

    alice.browser.cookies = second
    found = world.session(alice.browser)
    assert found is not None
    assert "webauthn" not in found.session.factors


@pytest.mark.parametrize("settings", [ROOMY])
def test_push_renews_too(world: World) -> None:
    alice = world.enrol()
    second = world.add_device(alice)
    assert begin(second, "push") == ["push"]
    number = second.post("factors/push")["number"]
    alice.confirm(number)

    assert second.post("factors/push/status")["step"] == "done"

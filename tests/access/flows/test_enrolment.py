"""Enrolment: from an invitation to a session, once, and only with what a login takes."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from tests.support.authenticator import Authenticator
from tests.support.control import ORIGIN
from tests.support.device import Browser
from tests.support.people import PASSWORD, World, secret_of

from bartizan.access.factors.totp import code_at, step_at


def app_of(world: World, browser: Browser) -> bytes:
    secret = secret_of(browser.post("enrol/totp/begin")["secret"])
    assert browser.post("enrol/totp", {"code": code_at(secret, step_at(world.clock()))}).status == 200
    return secret


def test_invitation_becomes_a_person_with_factors_a_device_and_a_session(world: World) -> None:
    alice = world.enrol()

    found = world.session(alice.browser)
    assert found is not None
    assert (found.session.name, found.session.aal) == ("alice", 2)
    kinds = [each.kind for each in world.in_records(lambda tx: tx.credentials.of(alice.id))]
    assert sorted(set(kinds)) == ["password", "recovery", "totp", "webauthn"]
    assert kinds.count("recovery") == len(alice.codes) == 10
    device = world.device(alice.browser)
    assert device is not None
    assert (device.label, device.enrolled_by, device.browser) == ("Laptop", "invitation", "Chrome")
    assert [event.outcome for event in world.audited("principal.enrolled")] == ["success"]


def test_nothing_is_in_force_before_the_end(world: World) -> None:
    person = world.person("alice")
    browser = world.browser()
    browser.post("enrol/start", {"token": world.invite(person)})
    browser.post("enrol/password", {"password": PASSWORD})
    app_of(world, browser)

    assert world.in_records(lambda tx: tx.credentials.of(person.id)) == []
    assert world.device(browser) is None


def test_it_goes_on_after_a_reload(world: World) -> None:
    browser = world.browser()
    browser.post("enrol/start", {"token": world.invite(world.person("alice"))})
    browser.post("enrol/password", {"password": PASSWORD})

    again = browser.post("enrol/start", {})

    assert (again["name"], again["done"]) == ("alice", ["password"])


def test_secret_stays_the_same_until_it_is_confirmed(world: World) -> None:
    browser = world.browser()
    browser.post("enrol/start", {"token": world.invite(world.person("alice"))})

    first, second = (browser.post("enrol/totp/begin").data for _ in range(2))

    assert first == second
    assert first["svg"].startswith("<svg")


def test_link_is_good_once(world: World) -> None:
    person = world.person("alice")
    token = world.invite(person)
    browsers = [world.browser(), world.browser()]
    for browser in browsers:
        assert browser.post("enrol/start", {"token": token}).status == 200
        assert browser.post("enrol/password", {"password": PASSWORD}).status == 200
        app_of(world, browser)

    answers = [browser.post("enrol/finish") for browser in browsers]

    assert [answer.status for answer in answers] == [200, 410]
    assert world.browser().post("enrol/start", {"token": token}).code == "invitation_invalid"


def test_of_many_who_finish_at_the_same_time_one_does(world: World) -> None:
    person = world.person("alice")
    token = world.invite(person)
    browsers = [world.copies(world.browser(), 1)[0] for _ in range(6)]
    for browser in browsers:
        browser.post("enrol/start", {"token": token})
        browser.post("enrol/password", {"password": PASSWORD})
        app_of(world, browser)

    with ThreadPoolExecutor(len(browsers)) as threads:
        answers = list(threads.map(lambda browser: browser.post("enrol/finish"), browsers))

    assert sorted(answer.status for answer in answers) == [200, *[410] * 5]
    assert len(world.in_records(lambda tx: tx.devices.of(person.id))) == 1


@pytest.mark.parametrize("token", ["", "x" * 43, "x" * 257, "\ud800"])
def test_unknown_links_are_refused(world: World, token: str) -> None:
    answer = world.browser().post("enrol/start", {"token": token})

    assert answer.status in (400, 401, 410)
    assert "x" * 43 not in str(answer.data)


def test_invitation_of_somebody_who_is_enrolled_replaces_nothing(world: World) -> None:
    alice = world.enrol()
    person = world.in_records(lambda tx: tx.people.get(alice.id))
    assert person is not None
    browser = world.browser()
    browser.post("enrol/start", {"token": world.invite(person)})
    browser.post("enrol/password", {"password": "meadow lantern quartz"})
    app_of(world, browser)

    assert browser.post("enrol/finish").code == "invitation_invalid"
    assert world.device(browser) is None
    assert alice.browser.post("login", {"name": "alice", "password": PASSWORD})["step"] == "factor"


def test_link_ends_by_its_time(world: World) -> None:
    token = world.invite(world.person("alice"), lifetime=60)
    world.clock.forward(60)

    assert world.browser().post("enrol/start", {"token": token}).code == "invitation_invalid"


def test_enrolment_of_another_browser_is_not_gone_on_with(world: World) -> None:
    browser, other = world.browser(), world.browser()
    browser.post("enrol/start", {"token": world.invite(world.person("alice"))})
    other.cookies = dict(browser.cookies)

    assert other.post("enrol/password", {"password": PASSWORD}).code == "login_expired"


@pytest.mark.parametrize("missing", ["password", "factor"])
def test_it_takes_what_a_login_takes(world: World, missing: str) -> None:
    browser = world.browser()
    browser.post("enrol/start", {"token": world.invite(world.person("alice"))})
    if missing == "factor":
        browser.post("enrol/password", {"password": PASSWORD})
    else:
        app_of(world, browser)

    answer = browser.post("enrol/finish")

    assert (answer.status, answer.code) == (422, "enrolment_incomplete")


def test_weak_password_is_refused_with_reasons(world: World) -> None:
    browser = world.browser()
    browser.post("enrol/start", {"token": world.invite(world.person("alice"))})

    answer = browser.post("enrol/password", {"password": "alice"})

    assert (answer.status, answer.code) == (422, "password_refused")
    assert answer["reasons"]


def test_guesses_of_the_first_code_are_limited(world: World) -> None:
    browser = world.browser()
    browser.post("enrol/start", {"token": world.invite(world.person("alice"))})
    secret = secret_of(browser.post("enrol/totp/begin")["secret"])
    for _ in range(10):
        assert browser.post("enrol/totp", {"code": "abcdef"}).code == "factor_refused"

    right = code_at(secret, step_at(world.clock()))
    assert browser.post("enrol/totp", {"code": right}).code == "no_attempts_left"


def test_first_code_cannot_be_used_again(world: World) -> None:
    browser = world.browser()
    browser.post("enrol/start", {"token": world.invite(world.person("alice"))})
    browser.post("enrol/password", {"password": PASSWORD})
    secret = app_of(world, browser)
    assert browser.post("enrol/finish")["step"] == "done"
    assert browser.post("login", {"name": "alice", "password": PASSWORD})["step"] == "factor"

    answer = browser.post("factors/totp", {"code": code_at(secret, step_at(world.clock()))})

    assert answer.code == "factor_refused"
    assert len(world.raised("access.code_replayed")) == 1


def test_somebody_who_was_disabled_meanwhile_cannot_finish(world: World) -> None:
    person = world.person("alice")
    browser = world.browser()
    browser.post("enrol/start", {"token": world.invite(person)})
    browser.post("enrol/password", {"password": PASSWORD})
    app_of(world, browser)
    world.in_records(lambda tx: tx.people.update(_inactive(tx.people.get(person.id))))

    assert browser.post("enrol/finish").code == "invitation_invalid"


def test_device_of_somebody_else_is_not_enrolled_again(world: World) -> None:
    alice = world.enrol("alice")
    browser = alice.browser
    browser.post("enrol/start", {"token": world.invite(world.person("bob"))})
    browser.post("enrol/password", {"password": PASSWORD})
    app_of(world, browser)

    assert browser.post("enrol/finish").code == "device_not_accepted"


def test_reset_replaces_everything_and_ends_all_sessions(world: World) -> None:
    alice = world.enrol()
    before = world.session(alice.browser)
    person = world.in_records(lambda tx: tx.people.get(alice.id))
    assert person is not None
    browser = world.browser()
    browser.post("enrol/start", {"token": world.invite(person, "reset")})
    browser.post("enrol/password", {"password": "meadow lantern quartz"})
    options = browser.post("enrol/webauthn/options")["publicKey"]
    made = Authenticator(ORIGIN).create(options)
    browser.post("enrol/webauthn", {"credential": made})
    assert browser.post("enrol/finish")["step"] == "done"

    assert before is not None
    assert world.session(alice.browser) is None
    device = world.device(alice.browser)
    assert device is not None
    assert device.status == "revoked"
    answer = alice.browser.post("login", {"name": "alice", "password": PASSWORD})
    assert answer.code == "device_not_trusted"


@pytest.mark.parametrize("settings", [{"groups": [{"name": "finance", "factors": ["webauthn"]}]}])
def test_group_says_which_factors_count(world: World) -> None:
    browser = world.browser()
    browser.post("enrol/start", {"token": world.invite(world.person("alice", "finance"))})
    browser.post("enrol/password", {"password": PASSWORD})
    app_of(world, browser)

    answer = browser.post("enrol/finish")

    assert answer.code == "enrolment_incomplete"
    assert "passkey" in answer["detail"]


def _inactive(person: Any) -> Any:
    return msgspec.structs.replace(person, active=False)

"""Logging in with a passkey alone."""

import pytest
from tests.support.authenticator import UV, Authenticator, Lies
from tests.support.control import ORIGIN
from tests.support.device import Answer, Browser
from tests.support.people import World


def use(browser: Browser, authenticator: Authenticator, lies: Lies | None = None) -> Answer:
    options = browser.post("login/passkey/options")["publicKey"]
    return browser.post("login/passkey", {"credential": authenticator.get(options, lies or Lies())})


def test_passkey_is_enough_on_a_trusted_device(world: World) -> None:
    alice = world.enrol()
    alice.browser.post("logout")

    answer = alice.log_in_with_passkey()

    assert answer["step"] == "done"
    found = world.session(alice.browser)
    assert found is not None
    assert (found.session.name, found.session.aal, set(found.session.factors)) == ("alice", 2, {"webauthn"})


def test_options_name_nobody(world: World) -> None:
    world.enrol()

    options = world.browser().post("login/passkey/options")["publicKey"]

    assert not options.get("allowCredentials")
    assert options["userVerification"] == "required"


def test_unknown_device_waits_whatever_the_passkey(world: World) -> None:
    alice = world.enrol()
    browser = world.browser()

    assert use(browser, alice.authenticator).data == {"step": "device"}
    number = browser.post("device")["number"]
    world.settle()
    alice.confirm(number)

    assert browser.post("device/status")["step"] == "done"
    assert len(world.raised("access.unknown_device")) == 1


def test_challenge_is_good_once(world: World) -> None:
    alice = world.enrol()
    options = alice.browser.post("login/passkey/options")["publicKey"]
    credential = alice.authenticator.get(options)
    assert alice.browser.post("login/passkey", {"credential": credential})["step"] == "done"

    assert alice.browser.post("login/passkey", {"credential": credential}).status == 401


def test_challenge_of_another_device_is_not_taken(world: World) -> None:
    """A relay: an attacker has options of their own answered by the victim."""
    alice = world.enrol()
    options = world.browser().post("login/passkey/options")["publicKey"]

    answer = alice.browser.post("login/passkey", {"credential": alice.authenticator.get(options)})

    assert answer.status == 401


def test_passkey_of_one_with_the_user_handle_of_another_is_refused(world: World) -> None:
    alice, bob = world.enrol("alice"), world.enrol("bob")
    handle = alice.authenticator.passkeys[0].user_handle

    answer = use(bob.browser, bob.authenticator, Lies(user_handle=handle))

    assert (answer.status, answer.code) == (401, "webauthn_refused")


@pytest.mark.parametrize(
    "lies",
    [
        Lies(clear_flags=UV),
        Lies(origin="https://evil.example"),
        Lies(rp_id="evil.example"),
        Lies(type="webauthn.create"),
        Lies(client={"crossOrigin": True}),
    ],
)
def test_what_is_not_as_it_should_be_is_refused(world: World, lies: Lies) -> None:
    alice = world.enrol()

    assert use(alice.browser, alice.authenticator, lies).status == 401
    assert world.audited("login.passkey")[-1].outcome == "failure"


def test_copied_passkey_is_a_signal_and_good_for_nothing_any_more(world: World) -> None:
    alice = world.enrol()
    use(alice.browser, alice.authenticator)
    alice.authenticator.passkeys[0].count = 0

    assert use(alice.browser, alice.authenticator).code == "cloned_authenticator"
    assert len(world.raised("access.cloned_authenticator")) == 1
    assert world.audited("credential.revoked")[0].details == {"reason": "cloned"}
    alice.authenticator.passkeys[0].count = 100
    assert use(alice.browser, alice.authenticator).code == "webauthn_refused"


def test_passkey_that_nobody_has_is_refused(world: World) -> None:
    alice = world.enrol()
    stranger = Authenticator(ORIGIN)
    person = world.person("bob")
    browser = world.browser()
    browser.post("enrol/start", {"token": world.invite(person)})
    stranger.create(browser.post("enrol/webauthn/options")["publicKey"])

    assert use(alice.browser, stranger).status == 401


@pytest.mark.parametrize("settings", [{"groups": [{"name": "finance", "additional_factors": 2}]}])
def test_group_may_ask_for_more_than_a_passkey(world: World) -> None:
    alice = world.enrol("alice", "finance")
    alice.browser.post("logout")

    assert alice.log_in_with_passkey().data == {"step": "factor"}
    assert alice.browser.post("factors").data["available"] == ["totp"]
    assert alice.browser.post("factors/totp", {"code": alice.code()})["step"] == "done"
    found = world.session(alice.browser)
    assert found is not None
    assert found.session.aal == 3


def test_what_is_no_credential_is_refused(world: World) -> None:
    for credential in ({}, {"id": "x" * 30}, {"id": 7, "rawId": None}):
        answer = world.browser().post("login/passkey", {"credential": credential})
        assert (answer.status, answer.code) == (401, "webauthn_refused")
    assert world.browser().post("login/passkey", {"credential": "x"}).status == 400


def test_somebody_who_is_disabled_does_not_get_in(world: World) -> None:
    someone = world.enrol()
    world.disable(someone)

    assert someone.log_in_with_passkey().code == "login_refused"

"""Proving factors: each once, no more guesses than allowed, also at the same time."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.support.authenticator import UV, Lies
from tests.support.device import Answer, Browser
from tests.support.people import PASSWORD, Someone, World

from bartizan.access.factors.totp import code_at, step_at

ROOMY: dict[str, Any] = {"login": {"per_device": 100_000, "factor_attempts": 5}}


def at_factor(someone: Someone, browser: Browser | None = None) -> Browser:
    browser = browser or someone.browser
    answer = browser.post("login", {"name": someone.name, "password": someone.password})
    assert answer.data == {"step": "factor"}, answer
    return browser


def all_at_once(browsers: list[Browser], path: str, bodies: list[dict[str, Any]]) -> list[Answer]:
    with ThreadPoolExecutor(len(browsers)) as threads:
        return list(threads.map(lambda pair: pair[0].post(path, pair[1]), zip(browsers, bodies, strict=True)))


def wrong(someone: Someone) -> str:
    """Return a code that is wrong now and in the steps around."""
    right = {code_at(someone.secret, step_at(someone.world.clock()) + drift) for drift in range(-3, 4)}
    return next(code for code in (f"{n:06d}" for n in range(10)) if code not in right)


def test_what_can_be_proven_is_told(world: World) -> None:
    alice = world.enrol()
    at_factor(alice)

    assert alice.browser.post("factors").data == {
        "available": ["webauthn", "totp"],
        "recovery": True,
        "proven": ["password"],
        "needed": 1,
        "name": "Alice",
    }
    world.add_device(alice)
    at_factor(alice)
    assert alice.browser.post("factors")["available"] == ["webauthn", "totp", "push"]


def test_code_is_good_once(world: World) -> None:
    alice = world.enrol()
    at_factor(alice)
    code = alice.code()
    assert alice.browser.post("factors/totp", {"code": code})["step"] == "done"

    at_factor(alice)
    answer = alice.browser.post("factors/totp", {"code": code})

    assert (answer.status, answer.code) == (401, "factor_refused")
    (signal,) = world.raised("access.code_replayed")
    assert signal.technique == "T1111"


@pytest.mark.parametrize("settings", [ROOMY])
def test_of_many_logins_with_one_code_one_succeeds(world: World) -> None:
    alice = world.enrol()
    browsers = []
    for _ in range(6):
        at_factor(alice)
        browsers += world.copies(alice.browser, 1)
    code = alice.code()

    answers = all_at_once(browsers, "factors/totp", [{"code": code}] * 6)

    assert sorted(answer.status for answer in answers) == [200, *[401] * 5]


@pytest.mark.parametrize("settings", [ROOMY])
def test_guesses_at_the_same_time_are_no_more_than_allowed(world: World) -> None:
    alice = world.enrol()
    at_factor(alice)
    guess = wrong(alice)
    before = len(world.audited("login.factor"))

    answers = all_at_once(world.copies(alice.browser, 16), "factors/totp", [{"code": guess}] * 16)

    assert all(answer.status != 200 for answer in answers)
    assert len(world.audited("login.factor")) - before == 5
    assert alice.browser.post("factors/totp", {"code": alice.code()}).code in ("wrong_step", "login_expired")


def test_after_the_last_guess_the_login_begins_anew(world: World) -> None:
    alice = world.enrol()
    at_factor(alice)
    codes = [alice.browser.post("factors/totp", {"code": wrong(alice)}).code for _ in range(6)]

    assert codes == [*["factor_refused"] * 4, "no_attempts_left", "wrong_step"]
    assert at_factor(alice).post("factors/totp", {"code": alice.code()})["step"] == "done"


def test_recovery_code_is_good_once(world: World) -> None:
    alice = world.enrol()
    at_factor(alice)
    code = alice.codes[3]

    assert alice.browser.post("factors/recovery", {"code": f" {code.upper()} "})["step"] == "done"
    at_factor(alice)
    assert alice.browser.post("factors/recovery", {"code": code}).code == "factor_refused"
    assert alice.browser.post("factors/recovery", {"code": alice.codes[4]})["step"] == "done"


@pytest.mark.parametrize("settings", [{**ROOMY, "groups": [{"name": "finance", "factors": ["webauthn"]}]}])
def test_factors_that_a_group_does_not_count_are_refused(world: World) -> None:
    alice = world.enrol("alice", "finance")
    at_factor(alice)

    assert alice.browser.post("factors")["available"] == ["webauthn"]
    assert alice.browser.post("factors/totp", {"code": alice.code()}).code == "factor_not_accepted"
    assert alice.browser.post("factors/recovery", {"code": alice.codes[0]}).code == "factor_not_accepted"
    assert alice.browser.post("factors/push").code == "factor_not_accepted"
    assert alice.browser.post("factors/password", {"password": PASSWORD}).code == "factor_not_accepted"
    assert _use_passkey(alice)["step"] == "done"


@pytest.mark.parametrize("settings", [{"groups": [{"name": "finance", "additional_factors": 2}]}])
def test_two_factors_are_two(world: World) -> None:
    alice = world.enrol("alice", "finance")
    at_factor(alice)

    assert alice.browser.post("factors/totp", {"code": alice.code()}).data == {"step": "factor"}
    assert alice.browser.post("factors")["needed"] == 1
    assert _use_passkey(alice)["step"] == "done"


def test_passkey_makes_a_session_of_level_3(world: World) -> None:
    alice = world.enrol()
    at_factor(alice)

    assert _use_passkey(alice)["step"] == "done"

    found = world.session(alice.browser)
    assert found is not None
    assert found.session.aal == 3


def test_passkey_that_is_synced_does_not(world: World) -> None:
    alice = world.enrol(backed_up=True)
    at_factor(alice)
    _use_passkey(alice)

    found = world.session(alice.browser)
    assert found is not None
    assert found.session.aal == 2


def test_challenge_is_good_once_and_for_this_login(world: World) -> None:
    alice = world.enrol()
    at_factor(alice)
    options = alice.browser.post("factors/webauthn/options")["publicKey"]
    credential = alice.authenticator.get(options)
    at_factor(alice)  # another login
    assert alice.browser.post("factors/webauthn", {"credential": credential}).code == "challenge_expired"

    options = alice.browser.post("factors/webauthn/options")["publicKey"]
    credential = alice.authenticator.get(options)
    assert alice.browser.post("factors/webauthn", {"credential": credential})["step"] == "done"
    at_factor(alice)
    assert alice.browser.post("factors/webauthn", {"credential": credential}).code == "challenge_expired"


def test_passkey_of_somebody_else_is_refused(world: World) -> None:
    alice, bob = world.enrol("alice"), world.enrol("bob")
    at_factor(alice)
    options = alice.browser.post("factors/webauthn/options")["publicKey"]
    options["allowCredentials"] = []

    answer = alice.browser.post("factors/webauthn", {"credential": bob.authenticator.get(options)})

    assert answer.code == "webauthn_refused"


@pytest.mark.parametrize("lies", [Lies(clear_flags=UV), Lies(origin="https://evil.example"), Lies(signature=b"x" * 70)])
def test_wrong_assertions_cost_a_guess(world: World, lies: Lies) -> None:
    alice = world.enrol()
    at_factor(alice)
    codes = []
    for _ in range(5):
        options = alice.browser.post("factors/webauthn/options")["publicKey"]
        codes.append(
            alice.browser.post("factors/webauthn", {"credential": alice.authenticator.get(options, lies)}).code
        )

    assert codes == [*["webauthn_refused"] * 4, "no_attempts_left"]


def test_many_wrong_codes_are_a_signal(world: World) -> None:
    alice = world.enrol()
    at_factor(alice)
    for _ in range(5):
        alice.browser.post("factors/totp", {"code": wrong(alice)})

    signals = world.raised("access.factor_failures")
    assert {actor.value for actor in signals[0].actors} >= {"alice", "192.0.2.7"}


def test_factors_without_a_login_are_refused(world: World) -> None:
    browser = world.browser()

    for path in ("factors", "factors/push", "factors/push/status", "factors/webauthn/options"):
        assert browser.post(path).code == "login_expired"


def test_guesses_are_throttled_over_logins(world: World) -> None:
    alice = world.enrol()
    codes: list[str] = []
    while "too_many_attempts" not in codes and len(codes) < 100:
        answer = alice.browser.post("login", {"name": "alice", "password": PASSWORD})
        codes.append(answer.code)
        if answer.status == 200:
            codes += [alice.browser.post("factors/totp", {"code": wrong(alice)}).code for _ in range(4)]

    assert codes[-1] == "too_many_attempts" or "too_many_attempts" in codes
    assert codes.count("factor_refused") <= 20


def _use_passkey(someone: Someone) -> Answer:
    options = someone.browser.post("factors/webauthn/options")["publicKey"]
    return someone.browser.post("factors/webauthn", {"credential": someone.authenticator.get(options)})

"""Logging in with name and password: on a device that is trusted, and on one that is not."""

import contextlib
import json
import statistics
import threading
import time
from typing import Any

import pytest
from tests.support.device import LOGIN, SESSION, Browser
from tests.support.people import PASSWORD, World

from bartizan.errors import TooManyAttempts

WRONG = "orchid tram violet kettel"
ROOMY = {"login": {"per_account": 100_000, "per_device": 100_000, "per_address": 100_000, "per_network": 100_000}}


def attempt(browser: Browser, name: str = "alice", password: str = PASSWORD) -> tuple[int, dict[str, Any], set[str]]:
    """Return all that a login tells: status, body, and the names of header fields and cookies."""
    answer = browser.post("login", {"name": name, "password": password})
    return answer.status, answer.data, set(answer.headers) | set(browser.cookies)


def test_password_and_app_make_a_session(world: World) -> None:
    alice = world.enrol()
    alice.browser.post("logout")

    answer = alice.log_in(next="/orders?page=2")

    assert (answer["step"], answer["to"]) == ("done", "/orders?page=2")
    found = world.session(alice.browser)
    assert found is not None
    assert found.session.aal == 2
    assert set(found.session.factors) == {"password", "totp"}


@pytest.mark.parametrize("name", ["ALICE", "  alice ", "\uff41lice"])
def test_name_may_be_typed_otherwise(world: World, name: str) -> None:
    alice = world.enrol()

    assert alice.browser.post("login", {"name": name, "password": PASSWORD})["step"] == "factor"


def test_wrong_password_is_told_on_a_trusted_device(world: World) -> None:
    alice = world.enrol()

    answer = alice.browser.post("login", {"name": "alice", "password": WRONG})

    assert (answer.status, answer.code) == (401, "login_refused")


def test_password_alone_opens_nothing(world: World) -> None:
    alice = world.enrol()
    alice.browser.post("logout")
    alice.browser.post("login", {"name": "alice", "password": PASSWORD})

    assert SESSION not in alice.browser.cookies
    assert alice.browser.post("account").code == "login_required"


def test_session_gets_a_token_that_was_not_known_before(world: World) -> None:
    alice = world.enrol()
    before = alice.browser.cookies[SESSION]
    alice.browser.cookies[SESSION] = before
    alice.log_in()
    first = alice.browser.cookies[SESSION]
    alice.log_in()

    assert len({before, first, alice.browser.cookies[SESSION]}) == 3


def test_cookie_that_somebody_planted_is_not_taken_over(world: World) -> None:
    alice = world.enrol()
    alice.browser.post("logout")
    planted = f"{'A' * 22}.{'B' * 43}"
    alice.browser.cookies[SESSION] = planted

    alice.log_in()

    assert alice.browser.cookies[SESSION] != planted
    assert not alice.browser.cookies[SESSION].startswith("A" * 22)


def test_cookies_are_protected(world: World) -> None:
    alice = world.enrol()
    alice.browser.post("logout")
    begun = alice.browser.post("login", {"name": "alice", "password": PASSWORD})
    done = alice.browser.post("factors/totp", {"code": alice.code()})

    for header in (*begun.headers.get_list("set-cookie"), *done.headers.get_list("set-cookie")):
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= set(header.split("; "))
        assert "Domain" not in header
    assert LOGIN not in alice.browser.cookies


def test_login_of_another_browser_is_not_gone_on_with(world: World) -> None:
    alice = world.enrol()
    alice.browser.post("login", {"name": "alice", "password": PASSWORD})
    thief = world.browser(cookies=dict(alice.browser.cookies))

    assert thief.post("factors/totp", {"code": alice.code()}).code == "login_expired"


def test_login_ends_by_its_time(world: World) -> None:
    alice = world.enrol()
    alice.browser.post("login", {"name": "alice", "password": PASSWORD})
    world.clock.forward(600)

    assert alice.browser.post("factors/totp", {"code": alice.code()}).code == "login_expired"


def test_somebody_who_is_disabled_does_not_get_in(world: World) -> None:
    alice = world.enrol()
    alice.browser.post("login", {"name": "alice", "password": PASSWORD})
    world.disable(alice)

    assert alice.browser.post("factors/totp", {"code": alice.code()}).code == "login_refused"
    assert alice.browser.post("login", {"name": "alice", "password": PASSWORD}).code == "login_refused"


@pytest.mark.parametrize("status", ["revoked", "quarantined"])
@pytest.mark.parametrize("password", [PASSWORD, WRONG])
def test_device_that_is_trusted_no_more_learns_that_and_no_more(world: World, status: str, password: str) -> None:
    alice = world.enrol()
    device = world.device(alice.browser)
    assert device is not None
    world.in_records(lambda tx: tx.devices.set_status(device.id, status))  # type: ignore[arg-type]

    answer = alice.browser.post("login", {"name": "alice", "password": password})

    assert (answer.status, answer.code) == (403, "device_not_trusted")


@pytest.mark.parametrize("settings", [ROOMY])
def test_unknown_device_learns_nothing(world: World) -> None:
    alice = world.enrol()
    world.disable(world.enrol("carol"))
    bob = world.enrol("bob")

    answers = [
        attempt(world.browser(), "alice", PASSWORD),
        attempt(world.browser(), "alice", WRONG),
        attempt(world.browser(), "nobody", PASSWORD),
        attempt(world.browser(), "carol", PASSWORD),
        attempt(world.browser(), "", PASSWORD),
        attempt(world.browser(), "al\x00ice", PASSWORD),
        attempt(world.browser(key=bob.browser.key), "alice", PASSWORD),  # a device of somebody else
    ]

    assert all(answer == answers[0] for answer in answers)
    assert answers[0][:2] == (200, {"step": "device"})
    assert alice.name == "alice"


@pytest.mark.parametrize("settings", [ROOMY])
def test_what_comes_after_tells_nothing_either(world: World) -> None:
    world.enrol()
    told = []
    for name, password in (("alice", PASSWORD), ("alice", WRONG), ("nobody", PASSWORD)):
        browser = world.browser()
        attempt(browser, name, password)
        asked = browser.post("device")
        world.settle()
        statuses = [browser.post("device/status").data]
        refusals = [
            (path, answer.status, answer.code)
            for path in ("factors", "factors/totp", "factors/push", "factors/webauthn/options", "password/policy")
            if (answer := browser.post(path, {"code": "123456"} if path == "factors/totp" else {}))
        ]
        world.clock.forward(120)
        statuses.append(browser.post("device/status").data)
        told.append((asked.status, asked["expires_in"], len(asked["number"]), statuses, refusals))

    assert told[0] == told[1] == told[2]
    assert told[0][3] == [{"status": "pending"}, {"status": "expired"}]
    assert all(code == "wrong_step" for _, _, code in told[0][4])


@pytest.mark.parametrize("settings", [ROOMY])
def test_unknown_names_take_as_long_as_known_ones(world: World) -> None:
    """Compares 200 tries of each kind, interleaved. What one is slower by has to be small beside how tries vary."""
    world.enrol()
    browser = world.browser()
    kinds = {"right": ("alice", PASSWORD), "wrong": ("alice", WRONG), "unknown": ("mallory", PASSWORD)}
    for path in ("login", "device"):
        times: dict[str, list[float]] = {kind: [] for kind in kinds}
        for number in range(220):
            for kind in sorted(kinds, key=lambda kind: (number + len(kind)) % 3):
                name, password = kinds[kind]
                taken = _time(browser, path, name, password)
                if number >= 20:
                    times[kind].append(taken)
        for first, second in (("right", "wrong"), ("wrong", "unknown"), ("right", "unknown")):
            assert _difference(times[first], times[second]) < 0.5, (path, first, second)


def test_right_password_on_a_device_of_somebody_else_is_a_signal(world: World) -> None:
    world.enrol()
    bob = world.enrol("bob")

    assert attempt(bob.browser)[1] == {"step": "device"}

    (signal,) = world.raised("access.foreign_device")
    device = world.device(bob.browser)
    assert device is not None
    assert {("principal", "alice"), ("device", device.id)} <= {(actor.kind, actor.value) for actor in signal.actors}


def test_right_password_on_an_unknown_device_is_a_signal(world: World) -> None:
    world.enrol()

    attempt(world.browser(address="198.51.100.7"))

    (signal,) = world.raised("access.unknown_device")
    assert signal.technique == "T1078"
    assert {(actor.kind, actor.value) for actor in signal.actors} >= {
        ("address", "198.51.100.7"),
        ("network", "198.51.100.0/24"),
        ("principal", "alice"),
    }


@pytest.mark.parametrize("settings", [ROOMY])
def test_many_failures_are_a_signal_and_hold_no_secret(world: World) -> None:
    world.enrol()
    for _ in range(5):
        attempt(world.browser(), "hunter2-typed-as-name", WRONG)

    signals = world.raised("access.login_failures")
    assert signals
    assert "hunter2" not in str(signals)
    assert "hunter2" not in str(world.audited("login.password"))


def test_guessing_from_elsewhere_is_throttled_and_does_not_lock_the_owner_out(world: World) -> None:
    alice = world.enrol()
    alice.browser.post("logout")
    answers = [attempt(world.browser(address=f"198.51.{n}.7"), "alice", WRONG) for n in range(12)]

    assert [status for status, _, _ in answers] == [200] * 10 + [429] * 2
    assert answers[-1][1]["code"] == "too_many_attempts"
    assert world.raised("access.throttled")
    assert alice.log_in()["step"] == "done"


@pytest.mark.parametrize("settings", [ROOMY])
def test_guesses_that_fill_the_threads_for_hashing_keep_nobody_out(world: World) -> None:
    alice = world.enrol()
    alice.browser.post("logout")
    go = threading.Event()
    guesses = world.control.services.opened.hashing.guesses
    with contextlib.suppress(TooManyAttempts):
        while True:
            guesses.submit(go.wait, 60)
    try:
        assert world.browser().post("login", {"name": "alice", "password": WRONG}).status == 429
        assert alice.log_in()["step"] == "done"
    finally:
        go.set()


def test_guessing_from_one_address_is_throttled_over_all_names(world: World) -> None:
    statuses = [attempt(world.browser(), f"name{n}", WRONG)[0] for n in range(61)]

    assert statuses == [200] * 60 + [429]


def test_throttle_says_when_to_come_again(world: World) -> None:
    for _ in range(10):
        attempt(world.browser())
    answer = world.browser().post("login", {"name": "alice", "password": PASSWORD})

    assert (answer.status, answer.code) == (429, "too_many_attempts")
    assert 0 < int(answer.headers["retry-after"]) <= 900


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/%2Fevil.example",
        "javascript:alert(1)",
        "/a\nb",
        "/%0d%0aSet-Cookie:x",
        "/./../\\evil",
        "\u2215/evil.example",
    ],
)
def test_one_goes_on_to_this_origin_only(world: World, target: str) -> None:
    alice = world.enrol()

    assert alice.log_in(next=target)["to"] == "/"


def test_api_client_gets_a_token_that_is_bound_to_its_key(world: World) -> None:
    alice = world.enrol()
    client = world.browser(agent="curl/8.5.0")
    assert client.post("login", {"name": "alice", "password": PASSWORD, "client": True})["step"] == "device"
    number = client.post("device")["number"]
    world.settle()
    alice.confirm(number)
    assert client.post("device/status")["step"] == "factor"

    answer = client.post("factors/totp", {"code": alice.code()})

    assert (answer["token_type"], answer["expires_in"]) == ("DPoP", 7200)
    assert SESSION not in client.cookies
    device = world.device(client)
    assert device is not None
    assert (device.kind, device.browser) == ("client", "curl")
    client.token = answer["access_token"]
    client.nonce = None
    found = world.session(client)
    assert found is not None
    assert found.session.kind == "dpop"
    assert client.post("account")["name"] == "alice"
    # Its token is no cookie, and a cookie is no token.
    as_cookie = world.browser(key=client.key, agent=client.agent, cookies={SESSION: answer["access_token"]})
    assert as_cookie.post("account").code == "login_required"
    as_token = world.browser(key=alice.browser.key, token=alice.browser.cookies[SESSION])
    assert as_token.post("account").code == "login_required"


def test_input_is_taken_in_its_form_only(world: World) -> None:
    browser = world.browser()
    for body in ([], {"name": "a"}, {"name": "a", "password": ""}, {"name": "a" * 129, "password": "x"}):
        assert browser.post("login", body).status == 400
    assert browser.post("login", {"name": "a", "password": "x", "role": "administrator"}).status == 400
    assert browser.post("login", {"name": "a", "password": "x" * 1025}).status == 400
    assert browser.post("login", {"name": 1, "password": "x"}).code == "invalid_body"


def test_passwords_are_in_no_answer_state_or_record(world: World) -> None:
    alice = world.enrol()
    answer = alice.log_in()

    async def everything() -> bytes:
        return b"".join([entry.key + entry.value async for entry in world.control.services.state.scan(b"")])

    assert PASSWORD not in json.dumps(answer.data)
    assert PASSWORD.encode() not in world.control.run(everything())
    token = alice.browser.cookies[SESSION]
    assert token.partition(".")[2].encode() not in world.control.run(everything())


def _time(browser: Browser, path: str, name: str, password: str) -> float:
    if path == "device":
        browser.post("login", {"name": name, "password": password})
        begun = time.perf_counter()
        browser.post("device")
    else:
        begun = time.perf_counter()
        browser.post("login", {"name": name, "password": password})
    return time.perf_counter() - begun


def _difference(first: list[float], second: list[float]) -> float:
    """Return how far medians are apart, in units of the spread (the interquartile range of both together)."""
    low, _, high = statistics.quantiles(first + second, n=4)
    return abs(statistics.median(first) - statistics.median(second)) / (high - low)


@pytest.mark.parametrize("settings", [ROOMY])
def test_guessing_on_a_trusted_device_ends_and_a_passkey_unlocks_it(world: World) -> None:
    alice = world.enrol()
    alice.browser.post("logout")
    answers = [alice.browser.post("login", {"name": "alice", "password": WRONG}) for _ in range(52)]

    assert [answer.code for answer in answers] == ["login_refused"] * 50 + ["factor_locked"] * 2
    assert alice.browser.post("login", {"name": "alice", "password": PASSWORD}).code == "factor_locked"

    assert alice.log_in_with_passkey()["step"] == "done"
    assert alice.log_in()["step"] == "done"

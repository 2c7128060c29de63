"""Signals of flows: about whom, how bad, and never with a secret."""

import re

import pytest
from tests.support.device import Browser
from tests.support.people import World

from bartizan.access.flows.alarms import ALARMS, FAILURES, alarm, count_failure
from bartizan.access.flows.visitor import Visitor


def visitor(browser: Browser, **changes: str) -> Visitor:
    values = {
        "address": browser.address,
        "ja4": browser.ja4,
        "user_agent": browser.agent,
        "exchange": "exchange-1",
        "thumbprint": browser.device.thumbprint,
    }
    return Visitor(**(values | changes), jwk=browser.device.jwk)


@pytest.mark.parametrize("name", ALARMS)
def test_all_name_a_technique_and_a_weakness(name: str) -> None:
    assert name.startswith("access.")
    assert re.fullmatch(r"T\d{4}(\.\d{3})?", ALARMS[name].technique)
    assert re.fullmatch(r"API\d+:2023", ALARMS[name].owasp)
    assert 0 < ALARMS[name].severity <= 100


def test_signal_names_all_actors_that_are_known(world: World) -> None:
    parts = world.control.services.parts

    alarm(parts, visitor(world.browser()), "access.cookie_stolen", principal="alice", device="d", session="s", tries=3)

    (signal,) = world.raised("access.cookie_stolen")
    assert [(actor.kind, actor.value) for actor in signal.actors] == [
        ("address", "192.0.2.7"),
        ("network", "192.0.2.0/24"),
        ("ja4", "t13d1516h2_8daaf6152771_e5627efa2ab1"),
        ("principal", "alice"),
        ("device", "d"),
        ("session", "s"),
    ]
    assert signal.evidence == {"tries": 3}


def test_what_is_not_known_is_left_out(world: World) -> None:
    alarm(world.control.services.parts, visitor(world.browser(), address="", ja4=""), "access.throttled")

    assert world.raised("access.throttled")[0].actors == ()


def test_failures_are_counted_by_account_and_address(world: World) -> None:
    parts = world.control.services.parts

    async def fail(number: int) -> None:
        someone = visitor(world.browser(address=f"198.51.{number}.1"))
        await count_failure(parts, someone, "access.login_failures", "alice", principal="alice")

    for number in range(2 * FAILURES):
        world.control.run(fail(number))

    signals = world.raised("access.login_failures")
    assert [signal.evidence for signal in signals] == [
        {"failures": FAILURES, "counted": "account"},
        {"failures": 2 * FAILURES, "counted": "account"},
    ]


def test_counts_end_by_their_time(world: World) -> None:
    parts, someone = world.control.services.parts, visitor(world.browser())
    for _ in range(FAILURES - 1):
        world.control.run(count_failure(parts, someone, "access.login_failures", "alice"))
    world.clock.forward(900)
    world.control.run(count_failure(parts, someone, "access.login_failures", "alice"))

    assert world.raised("access.login_failures") == []


def test_what_was_typed_as_a_name_is_not_kept(world: World) -> None:
    parts, someone = world.control.services.parts, visitor(world.browser())
    world.control.run(count_failure(parts, someone, "access.login_failures", "my-password-typed-as-name"))

    async def everything() -> bytes:
        return b"".join([entry.key + entry.value async for entry in parts.state.scan(b"")])

    assert b"my-password" not in world.control.run(everything())

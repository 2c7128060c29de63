"""Sessions begin with the strictest limits that apply, and not more of them than allowed."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.support.device import SESSION
from tests.support.people import World
from tests.support.records import make_group

from bartizan.access.flows.session_begin import session_limits
from bartizan.config.model import Access

ROOMY: dict[str, Any] = {"login": {"per_device": 100_000}}


@pytest.mark.parametrize(
    ("session", "groups", "limits"),
    [
        ({}, [], (900, 7200)),
        ({"preset": "aal2"}, [], (3600, 86_400)),
        ({"preset": "aal3"}, [], (900, 43_200)),
        ({"preset": "aal2", "idle": "5m"}, [], (300, 86_400)),
        ({}, ["finance"], (600, 7200)),
        ({}, ["finance", "interns"], (600, 3600)),
        ({}, ["others"], (900, 7200)),
    ],
)
def test_shortest_of_what_applies_is_in_force(session: Any, groups: list[str], limits: tuple[float, float]) -> None:
    access = Access.model_validate(
        {
            "session": session,
            "groups": [
                {"name": "finance", "session": {"idle": "10m", "lifetime": "8h"}},
                {"name": "interns", "session": {"lifetime": "1h"}},
            ],
        }
    )

    assert session_limits(access, groups) == limits


@pytest.mark.parametrize("settings", [{"groups": [{"name": "finance", "session": {"idle": "1m", "lifetime": "10m"}}]}])
def test_session_ends_by_its_groups_limits(world: World) -> None:
    alice = world.enrol("alice", "finance")
    assert alice.browser.post("account").status == 200
    world.clock.forward(60)

    assert alice.browser.post("account").code == "login_required"


def test_session_has_what_the_edge_needs(world: World) -> None:
    alice = world.enrol("alice", "finance")
    found = world.session(alice.browser)
    device = world.device(alice.browser)
    assert found is not None
    assert device is not None
    session = found.session

    assert (session.principal, session.groups, session.device) == (alice.id, ("finance",), device.id)
    assert session.thumbprint == alice.browser.device.thumbprint
    assert (session.platform, session.browser) == ("Linux", "Chrome")
    assert session.expires - session.created == 7200
    assert (session.facts.network, session.address) == ("192.0.2.0/24", "192.0.2.7")
    assert session.authenticated == session.created


def test_history_has_it(world: World) -> None:
    alice = world.enrol()
    (record,) = world.in_records(lambda tx: tx.sessions.history(alice.id))
    found = world.session(alice.browser)

    assert found is not None
    assert (record.id, record.digest) == (found.session.id, found.digest)
    assert (record.aal, record.address) == (2, "192.0.2.7")
    assert "Chrome/140" in record.user_agent
    assert [event.target for event in world.audited("session.begun")] == [record.id]


@pytest.mark.parametrize("settings", [{**ROOMY, "session": {"concurrent": 2}}])
def test_oldest_session_ends_when_there_are_too_many(world: World) -> None:
    alice = world.enrol()
    tokens = [dict(alice.browser.cookies)]
    for _ in range(2):  # the code of each moves the clock
        alice.browser.cookies = {}
        alice.log_in()
        tokens.append(dict(alice.browser.cookies))
    standing = [world.session(world.browser(cookies=cookies)) is not None for cookies in tokens]

    assert standing == [False, True, True]
    history = world.in_records(lambda tx: tx.sessions.history(alice.id))
    assert sorted(record.end_reason for record in history) == ["", "", "surplus"]


@pytest.mark.parametrize("settings", [{**ROOMY, "session": {"concurrent": 2}}])
def test_sessions_that_ran_out_do_not_count(world: World) -> None:
    alice = world.enrol()
    world.clock.forward(1000)
    alice.log_in()
    before = dict(alice.browser.cookies)
    alice.browser.cookies = {}
    alice.log_in()

    assert world.session(world.browser(cookies=before)) is not None


@pytest.mark.parametrize("settings", [{**ROOMY, "session": {"concurrent": 2}}])
def test_logins_at_the_same_time_are_no_more_either(world: World) -> None:
    alice = world.enrol()
    world.clock.forward(1)
    ready = []
    for number in range(6):
        alice.browser.cookies = {}
        alice.browser.post("login", {"name": "alice", "password": alice.password})
        ready.append((world.copies(alice.browser, 1)[0], alice.codes[number]))

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda pair: pair[0].post("factors/recovery", {"code": pair[1]}), ready))

    assert [answer.status for answer in answers] == [200] * 6
    assert sum(world.session(copy) is not None for copy, _ in ready) == 2
    assert len(world.in_records(lambda tx: tx.sessions.live(alice.id))) == 2


def test_finished_login_begins_one_session(world: World) -> None:
    alice = world.enrol()
    alice.browser.post("login", {"name": "alice", "password": alice.password})
    copies = world.copies(alice.browser, 4)
    code = alice.code()

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda copy: copy.post("factors/totp", {"code": code}), copies))

    assert [answer.data.get("step") for answer in answers].count("done") == 1
    assert len(world.in_records(lambda tx: tx.sessions.live(alice.id))) == 1


def test_login_takes_the_place_of_the_session_that_the_browser_had(world: World) -> None:
    alice = world.enrol()
    before = dict(alice.browser.cookies)
    second = world.add_device(alice)
    alice.log_in()

    assert world.session(world.browser(cookies=before)) is None
    assert world.session(second) is not None
    reasons = [record.end_reason for record in world.in_records(lambda tx: tx.sessions.history(alice.id))]
    assert sorted(reasons) == ["", "", "replaced"]


def test_session_of_somebody_else_is_not_ended_by_a_login_that_brings_its_cookie(world: World) -> None:
    alice, bob = world.enrol("alice"), world.enrol("bob")
    bob.browser.cookies[SESSION] = alice.browser.cookies[SESSION]
    bob.log_in()

    assert world.session(alice.browser) is not None


def test_device_that_was_revoked_during_the_login_gets_none(world: World) -> None:
    alice = world.enrol()
    alice.browser.post("login", {"name": "alice", "password": alice.password})
    device = world.device(alice.browser)
    assert device is not None
    world.in_records(lambda tx: tx.devices.set_status(device.id, "revoked"))

    answer = alice.browser.post("factors/totp", {"code": alice.code()})

    assert answer.code == "device_not_trusted"
    assert alice.browser.post("account").status == 200  # the session before goes on until it is ended


@pytest.mark.parametrize("settings", [{"groups": [{"name": "finance", "additional_factors": 2}]}])
def test_whoever_comes_into_a_stricter_group_during_the_login_begins_anew(world: World) -> None:
    alice = world.enrol("alice")
    alice.browser.post("login", {"name": "alice", "password": alice.password})
    world.in_records(lambda tx: tx.people.add_group(make_group("finance")))
    world.in_records(lambda tx: tx.people.set_groups(alice.id, ["finance"]))

    answer = alice.browser.post("factors/totp", {"code": alice.code()})

    assert answer.code == "login_expired"
    assert len(world.in_records(lambda tx: tx.sessions.live(alice.id))) == 1  # that of the enrolment

"""Keeping a session proved: by its device alone, under a new token each time."""

from concurrent.futures import ThreadPoolExecutor

from tests.support.device import SESSION
from tests.support.people import World


def test_proof_renews_the_token(world: World) -> None:
    alice = world.enrol()
    before = alice.browser.cookies[SESSION]
    world.clock.forward(290)

    assert alice.browser.post("session/prove").data == {"valid_for": 300, "approvals": 0}

    assert alice.browser.cookies[SESSION] != before
    assert alice.browser.cookies[SESSION].partition(".")[0] == before.partition(".")[0]
    found = world.session(alice.browser)
    assert found is not None
    assert found.session.proved == world.clock()


def test_token_before_is_good_for_moments_only(world: World) -> None:
    alice = world.enrol()
    old = world.browser(key=alice.browser.key, cookies=dict(alice.browser.cookies))
    alice.browser.post("session/prove")

    assert old.post("account").status == 200
    world.clock.forward(11)
    assert old.post("account").code == "login_required"
    assert alice.browser.post("account").status == 200


def test_proving_does_not_keep_a_session_from_ending_for_being_idle(world: World) -> None:
    alice = world.enrol()
    for _ in range(3):
        world.clock.forward(290)
        assert alice.browser.post("session/prove").status == 200
        assert alice.browser.post("approvals").status == 200  # which the inbox asks by itself
    world.clock.forward(60)

    assert alice.browser.post("session/prove").code == "login_required"


def test_lifetime_ends_however_often_it_is_used(world: World) -> None:
    alice = world.enrol()
    for _ in range(23):
        world.clock.forward(300)
        assert alice.browser.post("session/prove").status == 200
        assert alice.browser.post("account").status == 200
    world.clock.forward(300)

    assert alice.browser.post("account").code == "login_required"


def test_stolen_cookie_is_worth_nothing_and_ends_with_a_signal(world: World) -> None:
    alice = world.enrol()
    thief = world.browser(address="203.0.113.66", cookies=dict(alice.browser.cookies))

    assert thief.post("session/prove").code == "login_required"

    (signal,) = world.raised("access.cookie_stolen")
    assert (signal.severity, signal.technique) == (90, "T1539")
    found = {(actor.kind, actor.value) for actor in signal.actors}
    assert {("address", "203.0.113.66"), ("principal", "alice")} <= found
    assert {actor.kind for actor in signal.actors} >= {"device", "session", "network", "ja4"}
    assert alice.browser.post("account").code == "login_required"
    (record,) = world.in_records(lambda tx: tx.sessions.history(alice.id))
    assert record.end_reason == "stolen"


def test_several_tabs_that_prove_at_once_keep_the_session(world: World) -> None:
    alice = world.enrol()
    tabs = world.copies(alice.browser, 6)

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda tab: tab.post("session/prove"), tabs))

    assert [answer.status for answer in answers] == [200] * 6
    renewed = [tab for tab, answer in zip(tabs, answers, strict=True) if "set-cookie" in answer.headers]
    assert len(renewed) == 1
    world.clock.forward(60)
    assert renewed[0].post("account").status == 200


def test_it_tells_what_waits(world: World) -> None:
    alice = world.enrol()
    other = world.browser()
    other.post("login", {"name": "alice", "password": alice.password})
    other.post("device")
    world.settle()

    assert alice.browser.post("session/prove")["approvals"] == 1


def test_changed_network_has_to_be_made_up_for_first(world: World) -> None:
    alice = world.enrol()
    alice.browser.address = "203.0.113.5"

    answer = alice.browser.post("session/prove")

    assert (answer.status, answer.code) == (401, "reauth_required")

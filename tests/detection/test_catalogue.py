from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.support.exchange import make_exchange

import bartizan
from bartizan.access.flows.alarms import ALARMS
from bartizan.detection.attack import technique
from bartizan.detection.catalogue import SIGNALS, accused, complete, describe
from bartizan.pipeline import Actor, Signal, TlsInfo


def test_every_signal_that_is_made_by_name_is_in_the_table() -> None:
    made = set(ALARMS)
    for path in Path(bartizan.__file__).parent.rglob("*.py"):
        made.update(re.findall(r'\bSignal\(\s*"([a-z_]+\.[a-z_]+)"', path.read_text()))
    assert "denylist.hit" in made
    assert made <= SIGNALS.keys()


@pytest.mark.parametrize("name", SIGNALS)
def test_techniques_of_the_table_are_known_to_attack(name: str) -> None:
    known = SIGNALS[name]
    assert known.technique is None or technique(known.technique) is not None
    assert known.kind is None or known.technique is not None


def test_alarms_and_the_table_say_the_same() -> None:
    for name, alarm in ALARMS.items():
        assert (SIGNALS[name].technique, SIGNALS[name].owasp) == (alarm.technique, alarm.owasp)


def test_what_a_guard_leaves_out_is_filled_in() -> None:
    exchange = make_exchange(client="192.0.2.7", tls=TlsInfo("TLSv1.3", "AES", ja4="t13d"))
    exchange.session, exchange.principal = "s-1", "alice"
    signal = complete(Signal("decoy.touched", 60, actors=(Actor("address", "192.0.2.7"),)), exchange)
    assert (signal.detector, signal.stage) == ("decoys", "reconnaissance")
    assert (signal.technique, signal.owasp) == ("T1595.003", "API9:2023")
    assert signal.actors == (
        Actor("address", "192.0.2.7"),
        Actor("network", "192.0.2.0/24"),
        Actor("ja4", "t13d"),
        Actor("session", "s-1"),
        Actor("principal", "alice"),
    )


def test_what_a_guard_says_stays() -> None:
    actors = (Actor("address", "198.51.100.1"), Actor("principal", "bob"))
    said = Signal("waf.match", 80, 0.5, "T1059", "API7:2023", actors, {"rule": 1}, "mine", "collection")
    exchange = make_exchange(client="192.0.2.7")
    exchange.principal = "alice"
    completed = complete(said, exchange)
    assert completed.actors[:2] == actors
    assert [actor.kind for actor in completed.actors].count("principal") == 1
    assert (completed.detector, completed.stage, completed.technique) == ("mine", "collection", "T1059")


def test_without_an_exchange_a_signal_is_about_whom_it_names() -> None:
    actors = (Actor("principal", "bob"),)
    assert complete(Signal("access.mfa_denied", 50, actors=actors), None).actors == actors


@pytest.mark.parametrize(
    ("address", "network"), [("192.0.2.7", "192.0.2.0/24"), ("2001:db8:1::7", "2001:db8:1::/48"), ("unix", None)]
)
def test_without_an_exchange_an_address_has_its_network(address: str, network: str | None) -> None:
    completed = complete(Signal("access.mfa_denied", 50, actors=(Actor("address", address),)), None)
    assert [actor.value for actor in completed.actors if actor.kind == "network"] == ([network] if network else [])
    assert complete(completed, None) == completed


@pytest.mark.parametrize(
    ("technique_id", "stage"),
    [("T1595.002", "reconnaissance"), ("T1213", "collection"), ("T1190", "access"), (None, "access")],
)
def test_the_stage_of_a_rule_follows_from_its_technique(technique_id: str | None, stage: str) -> None:
    assert complete(Signal("waf.match", 80, technique=technique_id), None).stage == stage


@pytest.mark.parametrize("name", ["guard.failed", "journal.gap", "obstacle.shadow", "obstacle.new", "access.risk"])
def test_what_the_gateway_says_of_itself_counts_against_nobody(name: str) -> None:
    assert describe(name).kind is None


def test_names_that_are_not_in_the_table_belong_to_their_family() -> None:
    assert describe("waf.other").detector == "waf"
    assert describe("stranger.seen") == ("stranger", None, None, None, "probe", ())


def test_whose_password_is_guessed_is_not_accused() -> None:
    actors = (Actor("address", "192.0.2.7"), Actor("principal", "ada"), Actor("device", "d-1"))
    assert accused("access.login_failures", actors) == ("address:192.0.2.7", "device:d-1")
    assert accused("canary.touched", actors) == ("address:192.0.2.7", "principal:ada", "device:d-1")


@pytest.mark.parametrize("name", ["guard.failed", "obstacle.deny", "access.cross_site"])
def test_signals_that_speak_against_nobody_accuse_nobody(name: str) -> None:
    assert accused(name, (Actor("address", "192.0.2.7"),)) == ()

"""Signals about obstacles are few."""

from __future__ import annotations

import pytest
from tests.support.exchange import make_exchange
from tests.support.obstacles import standing
from tests.support.sessions import NOW, Clock

from bartizan.detection.catalogue import describe
from bartizan.detection.obstacles import told
from bartizan.detection.obstacles.told import EVERY, Teller, cause, remedy
from bartizan.pipeline import Actor, Signal

KEY = "address:2001:db8::7"


def tell(teller: Teller, actor: str = KEY, *rungs: str) -> list[Signal]:
    exchange = make_exchange()
    for rung in rungs or ("deny",):
        teller.tell(exchange, rung, actor, 81.27, "why")
    return exchange.signals


def test_an_obstacle_is_told_once_a_minute_for_each_actor_and_rung() -> None:
    clock = Clock()
    teller = Teller(clock)
    (signal,) = tell(teller)
    assert (signal.name, signal.severity, signal.actors) == ("obstacle.deny", 0, (Actor("address", "2001:db8::7"),))
    assert signal.evidence == {"risk": 81.3, "because": "why"}
    clock.forward(EVERY - 1)
    assert tell(teller) == []
    assert len(tell(teller, "session:s")) == len(tell(teller, KEY, "divert")) == 1
    clock.forward(2)
    assert len(tell(teller)) == 1


def test_what_would_have_happened_is_told_apart_from_what_did() -> None:
    teller, exchange = Teller(Clock()), make_exchange()
    for _ in range(2):
        teller.tell(exchange, "deny", KEY, 80, "why")
        teller.tell_shadow(exchange, "deny", KEY, 80, "why")
    assert [signal.name for signal in exchange.signals] == ["obstacle.deny", "obstacle.shadow"]
    assert exchange.signals[1].evidence == {"rung": "deny", "risk": 80, "because": "why"}


def test_none_of_it_weighs_anything() -> None:
    assert {describe(name).kind for name in ("obstacle.shadow", "obstacle.deny", "obstacle.throttle")} == {None}


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "MAX_TOLD", 2)
    monkeypatch.setattr(told, "MAX_SIGNALS", 3)
    teller = Teller(Clock())
    for number in range(3):
        tell(teller, f"session:{number}")
    assert len(tell(teller, "session:0")) == 1, "the oldest was forgotten"
    assert len(tell(teller, "session:x", "a", "b", "c", "d")) == 3


def test_people_read_who_it_is_how_risky_why_and_what_to_do() -> None:
    risky = standing(KEY, 72.4, NOW)
    assert cause(risky, 72.4) == "risk 72 of address 2001:db8::7: decoy /.env touched"
    assert remedy(risky) == "bartizan pardon address:2001:db8::7 --because …"

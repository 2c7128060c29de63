"""Any history of an engine: signals, clean exchanges, pardons, forgetting and restarts in any order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import floats, integers, sampled_from
from tests.support.risk import NOW, canary, decoy, honeytoken, rate_limit, waf

from bartizan.detection.risk import Engine, RiskSettings, RiskSignal

DAY = 86400.0
MOST = 20  # actors that are remembered
WHO = integers(0, 9)
Maker = Callable[[float, tuple[str, ...]], RiskSignal]
MAKERS = sampled_from((rate_limit, waf, decoy, honeytoken, canary))


def actors_of(number: int) -> tuple[str, ...]:
    """Return actors, of which some belong to several people."""
    return (f"address:{number % 4}", f"network:{number % 2}", "ja4:x", f"session:{number}", f"principal:{number // 2}")


class Lives(RuleBasedStateMachine):
    """An engine, and what is kept of it as the sentry would keep it."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine(RiskSettings(actors=MOST))
        self.store: dict[str, bytes] = {}
        self.now = NOW

    @rule(maker=MAKERS, who=WHO, late=floats(0, DAY))
    def observe(self, maker: Maker, who: int, late: float) -> None:
        self.engine.observe(maker(self.now - late, actors_of(who)))

    @rule(who=WHO)
    def seen(self, who: int) -> None:
        self.engine.seen(actors_of(who), self.now)

    @rule(seconds=floats(1, 10 * DAY))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(who=WHO, place=integers(0, 4))
    def pardon(self, who: int, place: int) -> None:
        key = actors_of(who)[place]
        touched = self.engine.pardon(key, self.now)
        assert key in touched
        assert all(part.via is not None for part in self.engine.explain(key, self.now).contributions)

    @rule(most=integers(1, 30))
    def forget(self, most: int) -> None:
        before = {key: self.engine.score(key, self.now) for key in self.known()}
        assert self.engine.forget(self.now, most) <= most
        assert all(self.engine.score(key, self.now) >= score - 5 for key, score in before.items() if score > 10)

    @rule()
    def restart(self) -> None:
        for key in self.engine.dirty():
            if data := self.engine.dump(key):
                self.store[key] = data
            else:
                self.store.pop(key, None)
        assert len(self.store) == len(self.engine)
        restored = Engine(RiskSettings(actors=MOST))
        for key, data in self.store.items():
            restored.load(key, data)
        assert not restored.dirty()
        for key in self.known():
            assert restored.score(key, self.now) == pytest.approx(self.engine.score(key, self.now))
        self.engine = restored

    @invariant()
    def bounded(self) -> None:
        assert len(self.engine) <= MOST

    @invariant()
    def explained(self) -> None:
        for key in self.known():
            explained = self.engine.explain(key, self.now)
            chain = 0.0 if explained.chain is None else explained.chain.points
            total = chain + sum(part.points for part in explained.contributions)
            assert abs(total - explained.score) < 1e-6
            assert 0 <= explained.score <= 100

    @staticmethod
    def known() -> set[str]:
        """Return all keys there may be."""
        return {key for number in range(10) for key in actors_of(number)}


Lives.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestLives = Lives.TestCase

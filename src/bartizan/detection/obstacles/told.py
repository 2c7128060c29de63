"""Signals about obstacles: at most one per actor, rung and minute, since an obstacle is met with every request."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import cast

from bartizan.detection.obstacles.ladder import RungName
from bartizan.detection.standing import Standing
from bartizan.pipeline import Actor, Exchange, Signal
from bartizan.pipeline.actor import ActorKind

__all__ = ["Teller", "cause", "remedy"]

EVERY = 60.0  # seconds
MAX_TOLD = 10_000  # actors and rungs that are remembered
MAX_SIGNALS = 1000  # of one exchange: a tunnel can stay open for weeks


class Teller:
    """Says what was put in whose way; ``clock`` is Unix time in seconds. One for all guards of an edge process."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._told: OrderedDict[tuple[str, str], float] = OrderedDict()

    def tell(self, exchange: Exchange, rung: str, actor: str, risk: float, because: str) -> None:
        """Leave a signal ``obstacle.RUNG`` about an actor, a key, unless there was one lately."""
        if not self._lately(exchange, actor, rung):
            exchange.signals.append(_signal(f"obstacle.{rung}", actor, {"risk": round(risk, 1), "because": because}))

    def tell_shadow(self, exchange: Exchange, rung: RungName, actor: str, risk: float, because: str) -> None:
        """Leave a signal ``obstacle.shadow``, about what would have happened, unless there was one lately."""
        if not self._lately(exchange, actor, f"shadow {rung}"):
            evidence = {"rung": rung, "risk": round(risk, 1), "because": because}
            exchange.signals.append(_signal("obstacle.shadow", actor, evidence))

    def _lately(self, exchange: Exchange, actor: str, rung: str) -> bool:
        if len(exchange.signals) >= MAX_SIGNALS:
            return True
        now, told, key = self._clock(), self._told, (actor, rung)
        last = told.get(key)
        if last is not None and last <= now < last + EVERY:
            return True
        told[key] = now
        told.move_to_end(key)
        if len(told) > MAX_TOLD:
            told.popitem(last=False)
        return False


def cause(standing: Standing, risk: float) -> str:
    """Return a sentence for the journal: ``risk 72 of address 192.0.2.7: decoy touched``."""
    kind, _, value = standing.actor.partition(":")
    return f"risk {risk:.0f} of {kind} {value}: {standing.because}"


def remedy(standing: Standing) -> str:
    """Return what an operator does about an obstacle that an actor should not have met."""
    return f"bartizan pardon {standing.actor} --because …"


def _signal(name: str, key: str, evidence: Mapping[str, str | float]) -> Signal:
    kind, _, value = key.partition(":")
    return Signal(name, severity=0, actors=(Actor(cast("ActorKind", kind), value),), evidence=evidence)

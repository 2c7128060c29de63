"""What goes into the risk engine, what comes out, and what it is set to. Times are Unix seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Literal, NamedTuple

from bartizan.config.model import Sentry
from bartizan.pipeline import Stage

__all__ = ["KINDS", "Chain", "Contribution", "Explanation", "Kind", "Nature", "RiskSettings", "RiskSignal", "Shared"]

Kind = Literal["volume", "probe", "attack", "credential", "deception", "data"]
"""What a signal is a sign of: it decides how fast it fades and how far it can be trusted."""


class Nature(NamedTuple):
    """How signals of one kind count.

    ``reliability`` scales their evidence, the n-th strongest of one detector counts ``repeat ** n`` of itself (n from
    0), and all of one detector together are worth at most ``limit``. Evidence is ``-ln(1 - probability)``.
    """

    reliability: float
    repeat: float
    limit: float


KINDS: Mapping[Kind, Nature] = {
    "volume": Nature(1.0, 0.6, 0.4),
    "probe": Nature(0.8, 0.6, 0.7),
    "attack": Nature(0.42, 0.6, 0.85),
    "credential": Nature(0.6, 0.6, 1.6),
    "deception": Nature(0.9, 0.5, inf),
    "data": Nature(1.0, 0.5, inf),
}

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0


@dataclass(frozen=True, slots=True)
class RiskSignal:
    """A signal as the engine takes it: ``actors`` are keys, ``severity`` 0 to 100, ``confidence`` 0 to 1.

    ``uid`` names its record in the journal.
    """

    name: str
    detector: str
    stage: Stage | None
    kind: Kind
    severity: int
    confidence: float
    actors: tuple[str, ...]
    time: float
    uid: str = ""


@dataclass(frozen=True, slots=True)
class RiskSettings:
    """``half_lives`` in seconds; at most ``actors`` are remembered; ``shared_from`` clean people share an address."""

    half_lives: Mapping[Kind, float] = field(
        default_factory=lambda: {
            "volume": 10 * _MINUTE,
            "probe": _HOUR,
            "attack": 6 * _HOUR,
            "credential": 12 * _HOUR,
            "deception": 7 * _DAY,
            "data": 14 * _DAY,
        }
    )
    actors: int = 200_000
    shared_from: int = 5

    @classmethod
    def of(cls, sentry: Sentry) -> RiskSettings:
        """Return what the configuration asks for."""
        lives = sentry.half_lives
        return cls(
            {
                "volume": lives.volume,
                "probe": lives.probe,
                "attack": lives.attack,
                "credential": lives.credential,
                "deception": lives.deception,
                "data": lives.data,
            },
            sentry.actors,
            sentry.shared_from,
        )


@dataclass(frozen=True, slots=True)
class Contribution:
    """What signals of one name add to a score: ``points`` of it.

    ``weight`` is their evidence as it is now, ``via`` the actor they came from if it is another one, of whose evidence
    ``damping`` is passed on. ``severity`` and ``confidence`` are those of the strongest, ``uid`` names the last.
    """

    signal: str
    detector: str
    kind: Kind
    count: int
    first: float
    last: float
    severity: int
    confidence: float
    weight: float
    points: float
    via: str | None = None
    damping: float = 1.0
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """Stages that followed one another, in order, with the times they were last seen; ``points`` are for that."""

    stages: tuple[tuple[Stage, float], ...]
    factor: float
    points: float


@dataclass(frozen=True, slots=True)
class Shared:
    """How many clean people were behind an actor when it was last seen, and what part of its evidence that leaves."""

    people: float
    factor: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an actor has its score: the points of ``contributions``, strongest first, and of ``chain`` add up to it."""

    actor: str
    score: float
    contributions: tuple[Contribution, ...] = ()
    chain: Chain | None = None
    shared: Shared | None = None
    pardoned: float | None = None
    """When the actor was pardoned last."""

    def brief(self, limit: int = 200) -> str:
        """Return what contributed most, in at most ``limit`` characters."""
        parts = []
        for each in self.contributions:
            if each.points >= 0.5:
                times = f" {each.count} times" if each.count > 1 else ""
                parts.append(f"{each.signal}{times}{f' via {each.via}' if each.via else ''}")
        if self.chain is not None and self.chain.points >= 0.5:
            parts.append(", then ".join(stage for stage, _ in self.chain.stages))
        text = "; ".join(parts)
        return text if len(text) <= limit else text[: limit - 1] + "…"

"""Which obstacles a risk reaches, by the configuration. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

from bartizan.config.model import Obstacles

__all__ = ["RUNGS", "Ladder", "RungName"]

RungName = Literal["throttle", "challenge", "step_up", "divert", "revoke_session", "deny", "quarantine_device"]
RUNGS: tuple[RungName, ...] = get_args(RungName)
"""From the mildest to the gravest, as ``config/semantics/obstacles.py`` has it."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs of a route, each with the risk from which on it is in the way; the gravest first."""

    enforced: tuple[tuple[float, RungName], ...]
    shadow: tuple[tuple[float, RungName], ...]

    @classmethod
    def of(cls, settings: Obstacles, rungs: Collection[RungName] = RUNGS) -> Ladder:
        """Return the ladder of the settings in force for a route, with those of its rungs that a place can use."""
        enforced: list[tuple[float, RungName]] = []
        shadow: list[tuple[float, RungName]] = []
        usable = settings.rungs
        for name in reversed(RUNGS):
            rung = usable.get(name)
            if rung is not None and rung.at is not None and name in rungs:
                (shadow if settings.shadow or rung.shadow else enforced).append((rung.at, name))
        return cls(tuple(enforced), tuple(shadow))

    def __bool__(self) -> bool:
        return bool(self.enforced or self.shadow)

    @property
    def lowest(self) -> float:
        """The risk below which nothing happens."""
        return min((at for at, _ in (*self.enforced, *self.shadow)), default=float("inf"))

    def reached(self, risk: float) -> tuple[RungName, ...]:
        """Return the rungs that are in the way at a risk, the gravest first."""
        return tuple(name for at, name in self.enforced if risk >= at)

    def hidden(self, risk: float) -> RungName | None:
        """Return the gravest rung in shadow mode, if it is graver than all that are in the way at a risk."""
        for at, name in self.shadow:
            if risk >= at:
                reached = self.reached(risk)
                return name if not reached or RUNGS.index(name) > RUNGS.index(reached[0]) else None
        return None

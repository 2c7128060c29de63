"""``guards.obstacles``: what rising risk puts in the way."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bartizan.config.model.base import Duration, Model, OnError, Rate

__all__ = ["Obstacles", "ObstaclesOverride", "Rung", "ThrottleRung"]


class Rung(Model):
    """One obstacle: from which risk on it is in the way."""

    at: Annotated[int | None, Field(ge=1, le=100, description="risk, 0 to 100; absent: never")] = None
    shadow: Annotated[bool, Field(description="only log what would have happened")] = False


class ThrottleRung(Rung):
    """How much an actor may still ask for."""

    rate: Annotated[Rate, Field(description="exchanges of one actor per window; what is more gets 429")] = "30/m"  # type: ignore[assignment]


class Obstacles(Model):
    """What happens to actors from which risk on: the gravest obstacle that is reached decides."""

    enabled: Annotated[bool, Field(description="whether it is in the series")] = True
    on_error: OnError = "deny"
    timeout: Annotated[Duration, Field(gt=0, description="for one exchange; then `on_error` decides")] = "1s"  # type: ignore[assignment]
    shadow: Annotated[bool, Field(description="all of it: only log what would have happened")] = False
    throttle: Annotated[ThrottleRung, Field(description="slowed down: 429")] = ThrottleRung()
    challenge: Annotated[Rung, Field(description="has to do some work first (proof of work)")] = Rung()
    step_up: Annotated[Rung, Field(description="a person who is logged in proves anew who they are")] = Rung()
    divert: Annotated[Rung, Field(description="gets to the decoy upstream, without noticing")] = Rung()
    revoke_session: Annotated[Rung, Field(description="the session ends")] = Rung()
    deny: Annotated[Rung, Field(description="is refused: 403")] = Rung()
    quarantine_device: Annotated[Rung, Field(description="the device is trusted no more")] = Rung()

    @property
    def rungs(self) -> dict[str, Rung]:
        """The rungs that somebody can meet, by name, from the mildest to the gravest."""
        if not self.enabled:
            return {}
        given = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: rung for name, rung in given if isinstance(rung, Rung) and rung.at is not None}


class ObstaclesOverride(Model):
    """What a route changes; fields left out keep the default's value."""

    enabled: bool | None = None
    on_error: OnError | None = None
    timeout: Annotated[Duration | None, Field(gt=0)] = None
    shadow: bool | None = None
    throttle: ThrottleRung | None = None
    challenge: Rung | None = None
    step_up: Rung | None = None
    divert: Rung | None = None
    revoke_session: Rung | None = None
    deny: Rung | None = None
    quarantine_device: Rung | None = None

"""What flows are told about where somebody goes, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Answer", "Begun", "Going"]

Step = Literal["device", "factor", "password", "done"]


@dataclass(frozen=True, slots=True)
class Going:
    """Where somebody goes once they are known: ``next`` is a path of this origin, checked before."""

    next: str = "/"
    held: bool = False
    """A POST of theirs waits to be sent again."""
    client: bool = False
    """An API client, which gets an access token instead of a cookie."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A session that begins, or goes on under a new token. ``expires_in`` is in seconds."""

    token: str
    kind: Literal["cookie", "dpop"]
    expires_in: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes next. With ``done``: where to go, and the session."""

    step: Step
    to: str = ""
    held: bool = False
    session: Begun | None = None

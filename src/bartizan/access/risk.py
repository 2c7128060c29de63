"""How risky somebody is: an interface. The risk engine will implement it; until then everybody is at 0."""

from __future__ import annotations

from typing import Protocol

from bartizan.access.sessions.model import Session
from bartizan.pipeline import Client

__all__ = ["ConstantRisk", "Risk"]


class Risk(Protocol):
    """Knows the risk of actors."""

    async def of(self, session: Session, client: Client) -> int:
        """Return the risk, 0 to 100, of a session, its person, device and the client that it is used from."""
        ...


class ConstantRisk:
    """The same risk for everybody."""

    def __init__(self, value: int = 0) -> None:
        self._value = value

    async def of(self, session: Session, client: Client) -> int:  # noqa: ARG002 - the signature is that of Risk
        """See ``Risk``."""
        return self._value

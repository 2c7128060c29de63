"""Whether a session still stands for a request: pure, without clock or storage.

what is looked at, in this order            what follows
lifetime over, idle for too long         ▶  ended: log in
an earlier finding says so (reauth)      ▶  reauth: prove anew who you are
network, TLS or browser changed          ▶  changed: the same, and it is remembered
the device's proof is too old            ▶  prove: the device proves its key, nobody has to do anything
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bartizan.access.sessions.model import ClientFacts, Session

__all__ = ["FINE", "Limits", "Standing", "judge"]

Outcome = Literal["fine", "ended", "reauth", "changed", "prove"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a session is worth now; ``reason`` is a stable word (``idle``, ``lifetime``, ``network``, ``proof``)."""

    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a route allows at the most, in seconds; a session's own limits count too, the shorter ones win."""

    idle: float = float("inf")
    lifetime: float = float("inf")


FINE = Standing("fine")
NO_LIMITS = Limits()
_IDLE, _LIFETIME = Standing("ended", "idle"), Standing("ended", "lifetime")
_PROVE = Standing("prove", "proof")


def judge(session: Session, facts: ClientFacts, now: float, limits: Limits = NO_LIMITS) -> Standing:
    """Return how a session stands at ``now`` (Unix seconds) for a request of a client with these ``facts``."""
    if now >= session.expires or now - session.created >= limits.lifetime:
        return _LIFETIME
    idle = now - session.seen
    if idle >= session.idle or idle >= limits.idle:
        return _IDLE
    if session.reauth:
        return Standing("reauth", session.reauth)
    if facts != session.facts:
        return Standing("changed", _difference(session.facts, facts))
    if session.kind == "cookie" and now - session.proved >= session.proof_interval:
        return _PROVE
    return FINE


def _difference(before: ClientFacts, now: ClientFacts) -> str:
    if before.network != now.network:
        return "network"
    return "tls" if before.tls != now.tls else "agent"

"""Signals for the risk engine, as guards would give them."""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.detection.risk import Engine, RiskSettings, RiskSignal

__all__ = ["ADDRESS", "NOW", "PEOPLE", "PLACES", "canary", "decoy", "engine", "feed", "honeytoken", "rate_limit", "waf"]

NOW = 1_800_000_000.0
ADDRESS = "address:192.0.2.7"
PLACES = (ADDRESS, "network:192.0.2.0/24", "ja4:t13d1516h2")
PEOPLE = ("session:s1", "device:d1", "principal:alice")


def engine(*signals: RiskSignal, **settings: int) -> Engine:
    """Return an engine that has observed ``signals``."""
    made = Engine(RiskSettings(**settings))
    feed(made, signals)
    return made


def feed(made: Engine, signals: Iterable[RiskSignal]) -> None:
    """Have an engine observe signals."""
    for signal in signals:
        made.observe(signal)


def rate_limit(time: float = NOW, actors: tuple[str, ...] = PLACES) -> RiskSignal:
    """Return what the rate limit says of one exchange too many."""
    return RiskSignal("rate_limit.exceeded", "rate_limit", None, "volume", 20, 1.0, actors, time)


def waf(time: float = NOW, actors: tuple[str, ...] = PLACES, severity: int = 80, confidence: float = 0.9) -> RiskSignal:
    """Return what the WAF says of a rule that matched; 80 is what the CRS calls critical."""
    return RiskSignal("waf.match", "waf", "access", "attack", severity, confidence, actors, time)


def decoy(time: float = NOW, actors: tuple[str, ...] = PLACES, confidence: float = 1.0) -> RiskSignal:
    """Return what a decoy says of who asks for it."""
    return RiskSignal("decoy.touched", "decoys", "reconnaissance", "deception", 60, confidence, actors, time)


def honeytoken(time: float = NOW, actors: tuple[str, ...] = PLACES) -> RiskSignal:
    """Return what is said of a credential that nobody was given."""
    return RiskSignal("honeytoken.used", "honeytokens", "access", "deception", 95, 1.0, actors, time)


def canary(time: float = NOW, actors: tuple[str, ...] = (*PLACES, *PEOPLE)) -> RiskSignal:
    """Return what is said of who asks for an object that only enumeration finds."""
    return RiskSignal("canary.touched", "canaries", "discovery", "data", 80, 1.0, actors, time)

"""All signals in one table: what finds them, how far an intrusion has come then, and how they count as risk.

What a guard leaves out of a signal is filled in from here when it is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from bartizan.detection.actors import actor_key, actors_of, network_of
from bartizan.detection.risk.model import Kind
from bartizan.http.address import parse_address
from bartizan.pipeline import Actor, Client, Exchange, Signal, Stage
from bartizan.pipeline.actor import ActorKind

__all__ = ["SIGNALS", "Description", "accused", "complete", "describe"]


class Description(NamedTuple):
    """What is known of all signals of a name.

    ``kind`` is None for what says nothing against anybody it names: about the gateway itself, about other sites that a
    browser was lured from, and about obstacles, which follow from risk and must not raise it. ``spares`` are kinds of
    actors that a signal names as those that it was done to: who guesses Ada's password must not make Ada suspect.
    """

    detector: str
    stage: Stage | None = None
    technique: str | None = None
    owasp: str | None = None
    kind: Kind | None = None
    spares: tuple[ActorKind, ...] = ()


_ACCOUNT: tuple[ActorKind, ...] = ("principal",)
_INJECTION = "API8:2023"  # Security Misconfiguration
_LOGIN = "API2:2023"  # Broken Authentication
_CONSUMPTION = "API4:2023"  # Unrestricted Resource Consumption
_INVENTORY = "API9:2023"  # Improper Inventory Management
_OBJECTS = "API1:2023"  # Broken Object Level Authorization

SIGNALS = {
    "access.cloned_authenticator": Description("factors", "access", "T1111", _LOGIN, "credential"),
    "access.code_replayed": Description("factors", "access", "T1111", _LOGIN, "credential", _ACCOUNT),
    "access.cookie_stolen": Description("sessions", "access", "T1539", _LOGIN, "credential"),
    "access.cross_site": Description("sessions", "access", "T1189", _LOGIN),
    "access.device_denied": Description("approvals", "access", "T1098.005", _LOGIN, "credential", _ACCOUNT),
    "access.factor_failures": Description("logins", "access", "T1110.001", _LOGIN, "credential", _ACCOUNT),
    "access.foreign_device": Description("devices", "access", "T1078", _LOGIN, "credential", _ACCOUNT),
    "access.login_failures": Description("logins", "access", "T1110.001", _LOGIN, "credential", _ACCOUNT),
    "access.mfa_denied": Description("approvals", "access", "T1621", _LOGIN, "credential", _ACCOUNT),
    "access.mfa_fatigue": Description("approvals", "access", "T1621", _LOGIN, "credential", _ACCOUNT),
    "access.proof_refused": Description("proofs", "access", "T1550.001", _LOGIN, "credential"),
    "access.proof_replayed": Description("proofs", "access", "T1550", _LOGIN, "credential"),
    "access.recovery_asked": Description("devices", "access", "T1098", _LOGIN, "credential", _ACCOUNT),
    "access.risk": Description("obstacles"),
    "access.session_changed": Description("sessions", "access", "T1550.004", _LOGIN, "credential"),
    "access.throttled": Description("logins", "access", "T1110", _CONSUMPTION, "volume", _ACCOUNT),
    "access.unknown_device": Description("devices", "access", "T1078", _LOGIN, "credential", _ACCOUNT),
    "auth.failures": Description("auth_failures", "access", "T1110", _LOGIN, "probe", _ACCOUNT),
    "canary.touched": Description("canaries", "discovery", "T1119", _OBJECTS, "data"),
    "decoy.login": Description("decoys", "access", "T1110", _LOGIN, "deception"),
    "decoy.touched": Description("decoys", "reconnaissance", "T1595.003", _INVENTORY, "deception"),
    "denylist.hit": Description("denylist", "reconnaissance", "T1595", None, "probe"),
    "guard.failed": Description("gateway"),
    "honeytoken.used": Description("honeytokens", "access", "T1078", _LOGIN, "deception"),
    "journal.full": Description("gateway"),
    "journal.gap": Description("gateway"),
    "obstacle.shadow": Description("obstacles"),
    "path.scan": Description("path_scan", "reconnaissance", "T1595.003", _INVENTORY, "probe"),
    "rate_limit.exceeded": Description("rate_limit", None, "T1499", _CONSUMPTION, "volume"),
    "waf.match": Description("waf", "access", "T1190", _INJECTION, "attack"),
}
_FAMILIES = {
    "access": Description("access", "access", None, _LOGIN, "credential"),
    "canary": SIGNALS["canary.touched"],
    "challenge": Description("obstacles"),
    "decoy": SIGNALS["decoy.touched"],
    "guard": Description("gateway"),
    "honeytoken": SIGNALS["honeytoken.used"],
    "journal": Description("gateway"),
    "obstacle": Description("obstacles"),
    "waf": SIGNALS["waf.match"],
}
"""For names that are not in the table, by what is before the first dot."""
_BY_TECHNIQUE: dict[str, Stage] = {"T1595": "reconnaissance", "T1213": "collection"}
"""Stages of WAF matches that are more or less than attempts: scanners, and data that got out."""


def describe(name: str) -> Description:
    """Return what is known of signals of this name; of a foreign one, that what is before its first dot finds it."""
    known = SIGNALS.get(name)
    if known is not None:
        return known
    family = name.partition(".")[0]
    return _FAMILIES.get(family) or Description(family[:64], kind="probe")


def complete(signal: Signal, exchange: Exchange | None) -> Signal:
    """Return a signal with all that its guard left out.

    From the catalogue: detector, stage, technique and OWASP item; from the exchange that it was found in: the actors of
    kinds that it does not name. Without an exchange it is about whom it names, and the network of its address.
    """
    known = describe(signal.name)
    technique = signal.technique or known.technique
    return replace(
        signal,
        technique=technique,
        owasp=signal.owasp or known.owasp,
        detector=signal.detector or known.detector,
        stage=signal.stage or _stage(signal.name, technique, known.stage),
        actors=_with_network(signal.actors) if exchange is None else _with_those_of(exchange, signal),
    )


def accused(name: str, actors: Iterable[Actor]) -> tuple[str, ...]:
    """Return the keys of the actors that a signal speaks against, of those that it names."""
    known = describe(name)
    if known.kind is None:
        return ()
    return tuple(actor_key(actor.kind, actor.value) for actor in actors if actor.kind not in known.spares)


def _stage(name: str, technique: str | None, usual: Stage | None) -> Stage | None:
    if technique is None or not name.startswith("waf."):
        return usual
    return _BY_TECHNIQUE.get(technique.partition(".")[0], usual)


def _with_those_of(exchange: Exchange, signal: Signal) -> tuple[Actor, ...]:
    named = {actor.kind for actor in signal.actors}
    return (*signal.actors, *(actor for actor in actors_of(exchange) if actor.kind not in named))


def _with_network(actors: tuple[Actor, ...]) -> tuple[Actor, ...]:
    addresses = [actor.value for actor in actors if actor.kind == "address"]
    if len(addresses) != 1 or any(actor.kind == "network" for actor in actors):
        return actors
    try:
        found = parse_address(addresses[0])
    except ValueError:
        return actors
    return (*actors, Actor("network", network_of(Client(found.address, 0, found.version, found.number))))

"""All that is known of one actor, in words that do not change: what ``bartizan risk show`` tells.

Most of it is what the sentry of this machine keeps. ``Told`` is what any sentry has published, which is what edge
processes go by: on a machine without a sentry it is all there is.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bartizan.config.model import Config
from bartizan.detection.actors import kind_of
from bartizan.detection.attack import name_of
from bartizan.detection.catalogue import describe
from bartizan.detection.obstacles.ladder import RUNGS, Ladder, RungName
from bartizan.detection.risk import Contribution, Explanation, RiskSettings
from bartizan.detection.standing import GONE, Standing
from bartizan.pipeline import Stage
from bartizan.sentry.cases import Case
from bartizan.sentry.undoing import MadeDecision, MadePardon
from bartizan.sentry.view import View

__all__ = ["Dossier", "Obstacle", "Part", "Progress", "Reached", "Sharing", "Taken", "Told", "dossier_of", "highest_of"]

_PLACES: tuple[RungName, ...] = ("throttle", "challenge", "step_up", "divert", "deny")
_MET: dict[str, tuple[RungName, ...]] = {
    "address": _PLACES,
    "network": _PLACES,
    "ja4": _PLACES,
    "asn": (),
    "session": RUNGS,
    "device": RUNGS,
    "principal": RUNGS[:-1],
    "credential": ("throttle", "challenge", "divert", "deny"),
}
"""Which rungs each kind of actor meets for its own risk alone, as guards have it (``detection/obstacles``)."""


class Technique(msgspec.Struct, frozen=True):
    """An ATT&CK technique; ``name`` is None if this version of the data has none of that id."""

    id: str
    name: str | None


class Part(msgspec.Struct, frozen=True):
    """What signals of one name contribute: ``points`` of the score.

    ``first`` and ``last`` are Unix seconds; ``severity`` (0 to 100) and ``confidence`` (0 to 1) are the strongest's;
    ``weight`` is evidence, ``-ln(1 - probability)``. ``via`` is the actor that it came from if it is another one, and
    ``damping`` how much of the probability was passed on. ``technique`` and ``owasp`` are what such signals usually
    are; the journal has the last of them under ``exchange``, None where it is not known.
    """

    signal: str
    detector: str
    kind: str
    stage: Stage | None
    technique: Technique | None
    owasp: str | None
    count: int
    first: float
    last: float
    severity: int
    confidence: float
    weight: float
    points: float
    via: str | None
    damping: float
    exchange: str | None


class Reached(msgspec.Struct, frozen=True):
    """A stage that was reached, ``last`` in Unix seconds."""

    stage: Stage
    last: float


class Progress(msgspec.Struct, frozen=True):
    """Stages that followed one another: all evidence counts ``factor`` times, which is ``points`` of the score."""

    stages: list[Reached]
    factor: float
    points: float


class Sharing(msgspec.Struct, frozen=True):
    """How many clean people are behind it, and how many times the score counts for that: at most once."""

    people: float
    factor: float


class Taken(msgspec.Struct, frozen=True):
    """A decision, ``at`` in Unix seconds; ``undone_by`` is the id of a pardon, empty while it stands."""

    id: str
    at: float
    what: str
    session: str
    device: str
    principal: str
    actors: tuple[str, ...]
    risk: float
    because: str
    undone_by: str


class Told(msgspec.Struct, frozen=True):
    """What a sentry has published: ``score`` now, ``half_life`` in seconds."""

    source: str
    score: float
    half_life: float
    because: str


class Obstacle(msgspec.Struct, frozen=True):
    """The gravest ``rung`` that a ``risk`` reaches by the defaults, ``at`` which it begins.

    ``shadow`` is a graver one, from ``shadow_at`` on, that is only logged. None of each where there is none.
    """

    risk: float
    rung: str | None
    at: int | None
    shadow: str | None
    shadow_at: int | None


class Dossier(msgspec.Struct, frozen=True):
    """All that is known of an actor. ``score`` is 0 to 100, ``half_life`` seconds until half of it has gone.

    The points of ``contributions`` and ``chain`` add up to the score. ``known_from`` is ``sentry``, or ``state`` where
    this machine has no sentry: then only ``score``, ``half_life``, ``obstacle`` and ``told`` say anything. ``told`` is
    by sentries of other machines; edge processes go by the highest. ``pardoned`` is when it was pardoned last.
    """

    actor: str
    known_from: str
    score: float
    half_life: float | None
    contributions: list[Part] = []
    chain: Progress | None = None
    shared: Sharing | None = None
    pardoned: float | None = None
    pardons: list[MadePardon] = []
    decisions: list[Taken] = []
    cases: list[Case] = []
    obstacle: Obstacle | None = None
    told: list[Told] = []


def dossier_of(key: str, view: View | None, standings: Iterable[Standing], config: Config, now: float) -> Dossier:
    """Return what is known of an actor at ``now``, in Unix seconds.

    ``view`` is what the sentry of this machine keeps, None where there is none; ``standings`` are what is published of
    the actor. Raises ``SentryError``.
    """
    own = "" if view is None else view.source
    told = [
        _told(each, now) for each in standings if each.actor == key and each.source != own and each.now(now) >= GONE
    ]
    told.sort(key=lambda each: each.score, reverse=True)
    most = told[0].score if told else 0.0
    if view is None:
        half_life = told[0].half_life if told else None
        return Dossier(key, "state", most, half_life, obstacle=_obstacle(key, most, config), told=told)
    engine = view.around(key, RiskSettings.of(config.sentry))
    found = engine.explain(key, now)
    return Dossier(
        actor=key,
        known_from="sentry",
        score=found.score,
        half_life=engine.half_life(key, now) if found.score > 0 else None,
        contributions=[_part(each) for each in found.contributions],
        chain=_chain(found),
        shared=None if found.shared is None else Sharing(found.shared.people, found.shared.factor),
        pardoned=found.pardoned,
        pardons=view.pardons(key),
        decisions=[_taken(each) for each in view.decisions(key)],
        cases=view.cases(key),
        obstacle=_obstacle(key, max(most, found.score), config),
        told=told,
    )


def highest_of(standings: Iterable[Standing], now: float) -> list[Standing]:
    """Return the highest standing of each actor that has one at ``now``, the riskiest first: what edges go by."""
    highest: dict[str, Standing] = {}
    for each in standings:
        known = highest.get(each.actor)
        if each.now(now) >= GONE and (known is None or each.now(now) > known.now(now)):
            highest[each.actor] = each
    return sorted(highest.values(), key=lambda each: each.now(now), reverse=True)


def _part(each: Contribution) -> Part:
    known = describe(each.signal)
    technique = None if known.technique is None else Technique(known.technique, name_of(known.technique))
    return Part(
        signal=each.signal,
        detector=each.detector,
        kind=each.kind,
        stage=known.stage,
        technique=technique,
        owasp=known.owasp,
        count=each.count,
        first=each.first,
        last=each.last,
        severity=each.severity,
        confidence=each.confidence,
        weight=each.weight,
        points=each.points,
        via=each.via,
        damping=each.damping,
        exchange=each.uid.partition("-")[0] or None,
    )


def _chain(found: Explanation) -> Progress | None:
    if found.chain is None:
        return None
    stages = [Reached(stage, last) for stage, last in found.chain.stages]
    return Progress(stages, found.chain.factor, found.chain.points)


def _taken(made: MadeDecision) -> Taken:
    """Return a decision without what finds its session in the state."""
    given = made.decision
    return Taken(
        id=given.id,
        at=given.at,
        what=given.what,
        session=given.session,
        device=given.device,
        principal=given.principal,
        actors=given.actors,
        risk=given.risk,
        because=given.because,
        undone_by=made.undone_by,
    )


def _told(standing: Standing, now: float) -> Told:
    return Told(standing.source, standing.now(now), standing.half_life, standing.because)


def _obstacle(key: str, risk: float, config: Config) -> Obstacle | None:
    """Return what an actor meets at a risk, by the defaults; routes may have it otherwise."""
    settings = config.guards.obstacles
    can_divert = config.deception.divert.enabled
    met = [name for name in _MET.get(kind_of(key), ()) if name != "divert" or can_divert]
    ladder = Ladder.of(settings, met)
    rung, hidden, rungs = next(iter(ladder.reached(risk)), None), ladder.hidden(risk), settings.rungs
    if rung is None and hidden is None:
        return None
    return Obstacle(
        risk=risk,
        rung=rung,
        at=None if rung is None else rungs[rung].at,
        shadow=hidden,
        shadow_at=None if hidden is None else rungs[hidden].at,
    )

"""What the guards of one edge process that deceive share; made when a configuration with ``deception`` is built."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakSet

from structlog.typing import FilteringBoundLogger

from bartizan.config.model import Config
from bartizan.config.model import Deception as Settings
from bartizan.detection.announcements.choice import Announced
from bartizan.detection.canaries.edit import FieldCanary, ItemCanary
from bartizan.detection.canaries.recipients import Recipients
from bartizan.detection.canaries.touches import Canary
from bartizan.detection.decoys.answers import Answers
from bartizan.detection.decoys.clients import Known
from bartizan.detection.decoys.guard import DecoySet
from bartizan.detection.decoys.table import chosen
from bartizan.detection.honeytokens.baits import Baits
from bartizan.detection.honeytokens.makers import JwtMaker
from bartizan.detection.honeytokens.presented import Places
from bartizan.detection.honeytokens.tokens import Planted, follow_planted
from bartizan.detection.profile.book import ProfileBook
from bartizan.keys.derive import derive
from bartizan.keys.ring import KeyRing
from bartizan.storage.state.following import POLL, Following
from bartizan.storage.state.interface import State

__all__ = ["Deception", "DeceptionParts"]

PREPARE = 1.0  # seconds between two looks for what is new in profiles


@dataclass(frozen=True, slots=True)
class DeceptionParts:
    """What guards of one configuration share."""

    settings: Settings
    baits: Baits
    """Makes the honeytokens of decoys: all of them while the configuration is built."""
    planted: Following[Planted]
    """The honeytokens that people have planted."""
    places: Places
    """Where requests present credentials."""
    canaries: tuple[Canary, ...]
    canary_key: bytes
    recipients: Recipients
    decoys: DecoySet
    announced: Announced
    """Which of them are named where intruders read."""
    profiles: ProfileBook
    """What upstreams' responses look like."""
    usual: str
    """The upstream whose shape decoys have where there is none."""


class Deception:
    """Gives guards what they share; ``keys`` is the directory of keys, ``clock`` Unix time in seconds.

    ``profiles`` is where profiles of upstreams are written for the decoy process, None in all processes but one.
    """

    def __init__(
        self,
        keys: Path,
        state: State,
        clock: Callable[[], float],
        log: FilteringBoundLogger,
        profiles: Path | None = None,
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._log = log
        self._planted = follow_planted(state, log)
        self._wanted = False
        self._upstreams: tuple[str, ...] = ()
        self._answers: WeakSet[Answers] = WeakSet()
        self._recipients = Recipients(state, log)
        self._profiles = ProfileBook(state, log, profiles)

    async def load(self) -> None:
        """Learn which honeytokens were planted; raises ``StateError``."""
        await self._planted.load()

    async def follow(self) -> None:
        """Keep up with planted honeytokens and profiles from when a configuration wants them, until cancelled."""
        while not self._wanted:  # noqa: ASYNC110 - it is set by the thread that builds configurations
            await asyncio.sleep(POLL)
        await asyncio.gather(self._planted.follow(), self._profiles.follow(), self._prepare())

    async def _prepare(self) -> None:
        """Make the contents of decoys whenever more is known of what they are like."""
        while True:
            profiles = [self._profiles.get(upstream) for upstream in self._upstreams]
            for answers in list(self._answers):
                try:
                    await answers.likenesses.prepare(profiles)
                except Exception:  # noqa: BLE001 - they are made when they are asked for, then
                    self._log.exception("decoys cannot be made beforehand")
            await asyncio.sleep(PREPARE)

    def __call__(self, config: Config) -> DeceptionParts | None:
        """Return what guards share; None where ``deception`` is off. Raises ``SealError`` for unusable keys."""
        settings = config.deception
        if not settings.enabled:
            return None
        self._wanted = True
        self._upstreams = tuple(upstream.name for upstream in config.upstreams)
        self._profiles.expect(upstream.name for upstream in config.upstreams)
        canary_key = derive(self._keys, "canaries")
        keys = settings.honeytokens.api_keys
        baits = Baits(derive(self._keys, "honeytokens"), keys, self._jwts(config), self._clock())
        decoys = self._decoys(config, baits)
        real = [path for route in config.routes for path in route.paths]
        key = derive(self._keys, "announcements")
        return DeceptionParts(
            settings=settings,
            baits=baits,
            decoys=decoys,
            announced=Announced.of(key, settings.decoys, decoys.by_path.values(), real),
            planted=self._planted,
            places=Places(settings.honeytokens.headers, settings.honeytokens.parameters),
            canaries=(
                *(ItemCanary(canary_key, each) for each in settings.canaries),
                *(FieldCanary(canary_key, each) for each in settings.fields),
            ),
            canary_key=canary_key,
            recipients=self._recipients,
            profiles=self._profiles,
            usual=config.upstreams[0].name if config.upstreams else "",
        )

    def _decoys(self, config: Config, baits: Baits) -> DecoySet:
        """Return the decoys, but none in the place of a path that a route names."""
        settings = config.deception
        real = {path for route in config.routes for path in route.paths}
        decoys = [decoy for decoy in chosen(settings.decoys) if decoy.path not in real]
        answers = Answers(derive(self._keys, "decoys"), decoys, baits.secret)
        self._answers.add(answers)
        return DecoySet.of(decoys, answers, Known(settings.allow))

    def _jwts(self, config: Config) -> JwtMaker | None:
        access = config.access
        if not access.enabled or access.origin is None:
            return None
        ring = KeyRing.open(self._keys, access.assertion.algorithm, self._clock)
        return JwtMaker(ring.sign_alike, access.origin, config.deception.honeytokens.audience)

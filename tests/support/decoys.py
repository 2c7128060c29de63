"""Decoys as a configuration has them, for tests."""

from __future__ import annotations

from bartizan.config.model import DecoySettings, KnownClient
from bartizan.detection.decoys.answers import Answers
from bartizan.detection.decoys.clients import Known
from bartizan.detection.decoys.guard import DecoyGuard, DecoySet
from bartizan.detection.decoys.table import chosen
from bartizan.detection.honeytokens.baits import Baits
from bartizan.detection.profile.profile import Profile

KEY = bytes(range(32))
NOW = 1_800_000_000.0


def baits(key: bytes = KEY) -> Baits:
    """Return what makes honeytokens, without JWTs."""
    return Baits(key, {"shop": "shop_live_{base62:24}"}, None, NOW)


def decoy_set(
    settings: DecoySettings | None = None, *, key: bytes = KEY, allow: list[KnownClient] | None = None
) -> DecoySet:
    """Return the decoys of settings, all that come with Bartizan by default."""
    decoys = chosen(settings or DecoySettings())
    return DecoySet.of(decoys, Answers(key, decoys, baits(key).secret), Known(allow or []))


def decoy_guard(decoys: DecoySet | None = None, profile: Profile | None = None, *, alone: bool = False) -> DecoyGuard:
    """Return the guard for a route."""
    known = profile or Profile()
    return DecoyGuard(decoys or decoy_set(), lambda: known, lambda: NOW, alone=alone)

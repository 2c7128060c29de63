"""``sentry``: the process that makes one risk score per actor of what all guards see."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bartizan.config.model.base import Duration, Model, Size

__all__ = ["HalfLives", "Sentry"]


class HalfLives(Model):
    """After which time half of what a signal adds to a risk has gone, by the kind of signal."""

    volume: Annotated[Duration, Field(gt=0, description="too much at once: rate limits")] = "10m"  # type: ignore[assignment]
    probe: Annotated[Duration, Field(gt=0, description="looking around: scans, unknown paths")] = "1h"  # type: ignore[assignment]
    attack: Annotated[Duration, Field(gt=0, description="attacks that were seen: WAF")] = "6h"  # type: ignore[assignment]
    credential: Annotated[Duration, Field(gt=0, description="stolen or guessed credentials, changed sessions")] = "12h"  # type: ignore[assignment]
    deception: Annotated[Duration, Field(gt=0, description="decoys and honeytokens that were touched")] = "7d"  # type: ignore[assignment]
    data: Annotated[Duration, Field(gt=0, description="data that leaves: canaries")] = "14d"  # type: ignore[assignment]


class Sentry(Model):
    """Reads the journals of this machine, works out risk, and tells every edge process within a second."""

    enabled: Annotated[bool, Field(description="run the process; without it nobody has a risk")] = False
    poll: Annotated[Duration, Field(ge=0.01, le=10, description="between two looks at the journals")] = "50ms"  # type: ignore[assignment]
    actors: Annotated[
        int, Field(ge=1000, le=10_000_000, description="that are remembered; those with the least risk go first")
    ] = 200_000
    map_size: Annotated[Size, Field(ge=2**20, description="upper bound of the file of its own state")] = "2GiB"  # type: ignore[assignment]
    half_lives: Annotated[HalfLives, Field(description="how fast risk fades")] = HalfLives()
    shared_from: Annotated[
        int,
        Field(ge=2, le=1000, description="clean people behind an address (CGNAT, VPN) that make it count as shared"),
    ] = 5
    asn_database: Annotated[
        str | None, Field(description="MaxMind DB file with autonomous systems: networks of one operator are an actor")
    ] = None

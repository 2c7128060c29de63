"""A set of 1,000,000 networks: how long it takes to load, and one look-up in it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median

import structlog

from bartizan.perimeter.denylist import PrefixSet, PrefixStore
from benchmarks.report import Row

__all__ = ["denylist"]

V4, V6 = 800_000, 200_000
LOOK_UP_LIMIT, LOAD_LIMIT = 2.0, 5.0  # microseconds, seconds
BATCH, BATCHES = 1000, 200


def denylist(directory: Path, seconds: float) -> list[Row]:  # noqa: ARG001 - as all targets
    """Measure with a list file of random networks, 4 in 5 of them IPv4; the requirements are the reference."""
    chance = random.Random(1)  # the same list every time
    directory.mkdir(parents=True, exist_ok=True)
    listed = [(4, number, 32) for number in (chance.getrandbits(32) for _ in range(V4))]
    listed += [(6, 0x2000 << 112 | chance.getrandbits(109), 128) for _ in range(V6)]
    file = directory / "list.txt"
    file.write_text("\n".join(_network(*each, chance) for each in listed))
    store = PrefixStore(directory / "prefixes", structlog.get_logger())
    began = time.perf_counter()
    prefixes = store.get([], [str(file)])
    first = time.perf_counter() - began
    began = time.perf_counter()
    PrefixStore(directory / "prefixes", structlog.get_logger()).get([], [str(file)])
    again = time.perf_counter() - began
    if len(prefixes) != V4 + V6:
        raise RuntimeError(f"{len(prefixes)} networks were taken, not {V4 + V6}")
    hits = [each[:2] for each in chance.choices(listed, k=BATCH * BATCHES)]
    misses = [(4, chance.getrandbits(32)) for _ in range(BATCH * BATCHES)]
    limit = {"limit": LOOK_UP_LIMIT}
    return [
        Row("load of 1,000,000 networks, first time", "s", first, {"limit": LOAD_LIMIT}, "limit", at_most=1.0),
        Row("load of 1,000,000 networks, other processes", "s", again, {"limit": LOAD_LIMIT}, "limit", at_most=1.0),
        Row("look-up, listed, median", "us", _look_up(prefixes, hits), limit, "limit", at_most=1.0),
        Row("look-up, mostly not listed, median", "us", _look_up(prefixes, misses), limit, "limit", at_most=1.0),
    ]


def _network(version: int, number: int, width: int, chance: random.Random) -> str:
    length = chance.choice((24, 28, 32)) if version == 4 else chance.choice((48, 64, 128))
    masked = number >> (width - length) << (width - length)
    if version == 4:
        return ".".join(str(byte) for byte in masked.to_bytes(4, "big")) + f"/{length}"
    return ":".join(f"{masked >> shift & 0xFFFF:x}" for shift in range(112, -1, -16)) + f"/{length}"


def _look_up(prefixes: PrefixSet, addresses: Iterable[tuple[int, int]]) -> float:
    """Return the median over batches of the mean of a batch, in microseconds; the loop counts too."""
    wanted, match, times = list(addresses), prefixes.match, []
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        began = time.perf_counter()
        for version, number in batch:
            match(version, number)
        times.append((time.perf_counter() - began) / BATCH * 1e6)
    return median(times)

"""What the risk engine costs: ``python -m benchmarks.risk``.

Means over many calls, in processor time of one core, with the cyclic collector as the sentry has it. A signal is about
six actors. The exit status is 1 if a goal is missed.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from bartizan.detection.risk import Engine, RiskSettings, RiskSignal

NOW = 1_800_000_000.0
CALLS = 20_000
INTRUDERS = 500
PEOPLE = 40_000
MICROSECONDS = 1e6
PAGE = 4096  # bytes


def company(number: int) -> tuple[str, ...]:
    """Return the actors of one client: its own address and session, a network of eight, a fingerprint of many."""
    return (
        f"address:192.0.{number >> 8}.{number & 255}",
        f"network:{number >> 3}",
        f"ja4:{number % 20}",
        f"session:{number:032x}",
        f"device:{number:032x}",
        f"principal:person-{number}",
    )


def signal(time_: float, actors: tuple[str, ...]) -> RiskSignal:
    """Return what the WAF says of them."""
    return RiskSignal("waf.match", "waf", "access", "attack", 80, 0.9, actors, time_, "uid")


def mean(call: Callable[..., object], arguments: Sequence[tuple[object, ...]]) -> float:
    """Return the mean time of a call in microseconds."""
    began = time.process_time()
    for given in arguments:
        call(*given)
    return (time.process_time() - began) / len(arguments) * MICROSECONDS


def resident() -> int:
    """Return the bytes that the process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def measured() -> Iterable[tuple[str, float, float | None]]:
    """Yield what was measured, in microseconds, and its goal."""
    rng, engine = random.Random(1), Engine(RiskSettings(actors=500_000))
    known = [(signal(NOW + call / 100, company(rng.randrange(INTRUDERS))),) for call in range(CALLS)]
    mean(engine.observe, known)
    yield "observe, actors that are known", mean(engine.observe, known), 25
    new = [(signal(NOW + call, company(INTRUDERS + call)),) for call in range(CALLS)]
    yield "observe, actors that are new", mean(engine.observe, new), None
    before = resident()
    clean = [(company(100_000 + number), NOW) for number in range(PEOPLE)]
    yield "seen, actors that are new", mean(engine.seen, clean), None
    each = (resident() - before) / (5 * PEOPLE)
    yield "seen, actors that were seen just before", mean(engine.seen, clean), 6
    keys = [(key, NOW + 300) for key in list(engine.changed())[:CALLS]]
    yield "score", mean(engine.score, keys), None
    yield "explain", mean(engine.explain, keys[:2000]), None
    yield "dump", mean(engine.dump, [(key,) for key, _ in keys]), None
    yield f"pardon, {len(engine):,} actors in memory", mean(engine.pardon, [("principal:person-7", NOW + 999)]), None
    print(f"{each:,.0f} bytes for each clean actor, its key and its links included")


def main() -> int:
    """Print a table; return the exit status."""
    gc.set_threshold(100_000, 50, 1000)
    missed = False
    for what, spent, goal in measured():
        told = "" if goal is None else f"  (goal: under {goal:g})"
        missed |= goal is not None and spent > goal
        print(f"{what:<48} {spent:10,.1f} µs{told}", flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())

"""Our engine beside libmodsecurity in one process: ``make bench-waf``, ``python -m benchmarks.waf.speed [--quick]``.

Both get the same rules (Debian's CRS 3.3.4, blocking) and the same requests, already parsed, in alternating blocks.
``fresh`` requests have values that no request before had; ``repeated`` is the same request again and again. Goals are
judged on fresh ones, by medians of processor time, which hardly depends on what else the machine does; the ratio of
medians by the clock is beside it. Figures of single requests, memory, and what is made to be slow, follow. Everything
is written to build/bench/waf.json. Exit status 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.report import OUTPUT
from benchmarks.waf.adversarial import adversarial
from benchmarks.waf.each import each
from benchmarks.waf.engines import Ours, Theirs, load_ours
from benchmarks.waf.footprint import footprint
from benchmarks.waf.timing import alternate, freeze, silence
from benchmarks.waf.traffic import MADE, Request, browsing, crs_requests

__all__ = ["Figure", "speed"]

PARANOIA = (1, 4)
GOALS = {"a": 10.0, "b": 10.0, "c": 10.0, "d": 5.0, "e": 5.0, "g": 10.0}
COUNTS = {"a": 1500, "b": 1000, "c": 600, "d": 12, "e": 600, "g": 2000}
WARM_UP = 60  # requests of each kind, before anything counts
SEED = 20261125


@dataclass(frozen=True, slots=True)
class Figure:
    """Processor microseconds a request: medians and 99th percentiles; ``wall_ratio`` is theirs / ours by the clock."""

    case: str
    requests: int
    paranoia: int
    kind: str
    phases: str
    ours: float
    ours_p99: float
    theirs: float
    theirs_p99: float
    wall_ratio: float
    goal: float | None = None

    @property
    def ratio(self) -> float:
        """How many times faster ours is."""
        return self.theirs / self.ours

    @property
    def met(self) -> bool:
        """Whether the goal, if there is one, is met."""
        return self.goal is None or self.ratio >= self.goal

    def __str__(self) -> str:
        goal = "" if self.goal is None else f"  {self.goal:g}x {'met' if self.met else 'MISSED'}"
        return (
            f"{self.case:<22}{self.requests:>6}  PL{self.paranoia} {self.kind:<9}{self.phases:<4}"
            f"{self.ours:>10,.1f}{self.ours_p99:>11,.1f}{self.theirs:>12,.1f}{self.theirs_p99:>12,.1f}"
            f"{self.ratio:>8.1f}x{self.wall_ratio:>8.1f}x{goal}"
        )


HEADER = "{:<22}{:>6}  {:<17}{:>10}{:>11}{:>12}{:>12}{:>9}{:>9}  goal".format(
    "case", "n", "", "ours us", "p99", "theirs us", "p99", "ratio", "by clock"
)


def _at(values: Sequence[int], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1000


def compare(ours: Ours, theirs: Theirs, requests: Sequence[Request], *, whole: bool, **labels: Any) -> Figure:
    """Measure both on the same requests; ``whole``: with the response phases."""
    runs = (ours.exchange, theirs.exchange) if whole else (ours.request, theirs.request)
    with silence():
        (wall, cpu), (their_wall, their_cpu) = alternate(runs, requests)
    return Figure(
        requests=len(requests), phases="1-5" if whole else "1-2",
        ours=_at(cpu, 0.5), ours_p99=_at(cpu, 0.99), theirs=_at(their_cpu, 0.5), theirs_p99=_at(their_cpu, 0.99),
        wall_ratio=_at(their_wall, 0.5) / _at(wall, 0.5), **labels,
    )  # fmt: skip


def speed(*, quick: bool, cases: Sequence[str]) -> list[Figure]:
    """Measure and print all cases."""
    rng = random.Random(SEED)
    recorded = rng.sample(browsing(), COUNTS["g"]) if "g" in cases else []
    tests = crs_requests() if "f" in cases else []
    figures = []
    print(HEADER)
    for paranoia in PARANOIA:
        ours, theirs = Ours(load_ours(paranoia)), Theirs(paranoia)
        freeze()
        for case, make in MADE.items():
            for request in [make(rng) for _ in range(1 if case == "d" else WARM_UP)]:
                ours.exchange(request)
                theirs.exchange(request)
        for case in cases:
            for labels, whole, requests in _runs(case, rng, recorded, tests, quick=quick):
                figures.append(compare(ours, theirs, requests, whole=whole, paranoia=paranoia, **labels))
                print(figures[-1], flush=True)
    return figures


def _runs(
    case: str, rng: random.Random, recorded: list[Request], tests: list[Request], *, quick: bool
) -> list[tuple[dict[str, Any], bool, list[Request]]]:
    """Return what to run of a case: labels, whether with the response, and the requests."""
    goal = GOALS.get(case)
    if case in MADE:
        count = max(4, COUNTS[case] // (5 if quick else 1))
        fresh, again = [[MADE[case](rng) for _ in range(count)] for _ in range(2)]
        labels = {"case": f"({case}) {fresh[0].name}"}
        return [
            (labels | {"kind": "fresh", "goal": goal}, False, fresh),
            (labels | {"kind": "repeated"}, False, [fresh[0]] * count),
            (labels | {"kind": "fresh"}, True, again),
        ]
    labels = {"case": "(f) CRS tests" if case == "f" else "(g) browsers", "kind": "recorded"}
    requests = (tests if case == "f" else recorded)[:: 5 if quick else 1]
    half = len(requests) // 2
    if case == "f":
        return [(labels, False, requests), (labels, True, requests)]
    return [(labels | {"goal": goal}, False, requests[:half]), (labels, True, requests[half:])]


def main() -> int:
    """Measure, print and write; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a fifth of everything")
    parser.add_argument("--only", default="abcdefgEFA", help="cases, and E(ach), F(ootprint), A(dversarial)")
    options = parser.parse_args()
    figures = speed(quick=options.quick, cases=[case for case in options.only if case in "abcdefg"])
    told: dict[str, Any] = {"speed": [asdict(figure) | {"ratio": figure.ratio} for figure in figures]}
    missed = [f"{figure.case} PL{figure.paranoia}: {figure.ratio:.1f}x" for figure in figures if not figure.met]
    for letter, part in (("E", each), ("F", footprint), ("A", adversarial)):
        if letter in options.only:
            print(flush=True)
            told[part.__name__], more = part(quick=options.quick)
            missed += more
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "waf.json").write_text(json.dumps(told, indent=1) + "\n")
    print(f"\nwritten to {OUTPUT}/waf.json; " + ("all goals met" if not missed else f"MISSED: {'; '.join(missed)}"))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

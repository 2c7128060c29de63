"""Every single request of the CRS tests on both engines: ours is to be slower on none of them.

Each is measured several times and the best time counts, so that noise does not decide. Since the same request comes
again, our engine would remember its values: it is run a second time without memories, which an interpreter whose
hashes are known to everybody (``PYTHONHASHSEED=0``) does not keep. That is the figure that is judged.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from benchmarks.waf.engines import Ours, Theirs, load_ours
from benchmarks.waf.timing import best, freeze, silence
from benchmarks.waf.traffic import crs_requests

__all__ = ["each"]

ROUNDS = 5
WORST = 5  # requests that are told


def each(*, quick: bool) -> tuple[list[dict[str, Any]], list[str]]:
    """Measure in processes of their own; returns what was found, and what missed the goal."""
    found, missed = [], []
    for paranoia in (1, 4):
        for seed in ("random", "0"):
            command = [sys.executable, "-m", "benchmarks.waf.each", str(paranoia), "5" if quick else "1"]
            done = subprocess.run(
                command, env={**os.environ, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE, check=True
            )
            outcome = json.loads(done.stdout) | {"paranoia": paranoia, "memories": seed != "0"}
            found.append(outcome)
            print(_sentence(outcome), flush=True)
            if outcome["slower"] and not outcome["memories"]:
                missed.append(f"PL{paranoia}: {outcome['slower']} single requests slower than libmodsecurity")
    return found, missed


def _sentence(outcome: dict[str, Any]) -> str:
    worst = ", ".join(f"{name} {theirs / ours:.2f}x ({ours:,.0f} us)" for name, ours, theirs in outcome["worst"])
    memories = "with" if outcome["memories"] else "without"
    return (
        f"(f) single requests, PL{outcome['paranoia']}, {memories} memories, best of {ROUNDS}: "
        f"{outcome['slower']} of {outcome['requests']} slower than libmodsecurity; "
        f"median ratio {outcome['median']:.1f}x; worst {worst}"
    )


def main() -> None:
    """Measure the CRS tests at the paranoia level given, every n-th of them, and print the outcome as JSON."""
    paranoia, step = int(sys.argv[1]), int(sys.argv[2])
    ours, theirs = Ours(load_ours(paranoia)), Theirs(paranoia)
    requests = crs_requests()[::step]
    freeze()
    for request in requests[::4]:
        ours.request(request)
    with silence():
        times = [
            (request.name, best(ours.request, request, ROUNDS), best(theirs.request, request, ROUNDS))
            for request in requests
        ]
    times.sort(key=lambda item: item[2] / item[1])
    middle = times[len(times) // 2]
    outcome = {
        "requests": len(times),
        "slower": sum(mine > other for _, mine, other in times),
        "median": middle[2] / middle[1],
        "worst": times[:WORST],
    }
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()

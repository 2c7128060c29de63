"""All measurements, in one run on this machine: ``python -m benchmarks.run [TARGET ...]``.

Only ratios of one run count: the machine may do other things. Exit status 1 if something failed or missed what is
required of it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.denylist import denylist
from benchmarks.journal import journal
from benchmarks.memory import memory
from benchmarks.policy import policy
from benchmarks.proxy import proxy, ratelimit
from benchmarks.report import OUTPUT, Row, write_report
from benchmarks.state import state
from benchmarks.waf.gateway import gateway

TARGETS: dict[str, Callable[[Path, float], list[Row]]] = {
    "proxy": proxy,
    "ratelimit": ratelimit,
    "waf-gateway": gateway,
    "memory": memory,
    "denylist": denylist,
    "journal": journal,
    "state": state,
    "policy": policy,
}


def main() -> int:
    """Measure and report; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all if none is given")
    parser.add_argument("--seconds", type=float, default=8.0, help="of load a round")
    options = parser.parse_args()
    unknown = set(options.targets) - set(TARGETS)
    if unknown:
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    met = True
    for target in options.targets or TARGETS:
        print(f"measuring {target}", flush=True)
        with tempfile.TemporaryDirectory(prefix="bartizan-bench-") as scratch:
            rows = TARGETS[target](Path(scratch), options.seconds)
        met = write_report(target, rows) and met
    print(f"\nwritten to {OUTPUT}/; {'all requirements met' if met else 'a requirement was MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

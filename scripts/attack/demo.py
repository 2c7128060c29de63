"""``make demo-attack``: a scripted intruder climbs the ladder of obstacles, 200 honest people beside it meet none.

A step that does not show what it says fails the demo. Everything is on loopback: the intruder comes from 127.0.0.1,
honest people from 127.20.0.0/16.
"""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from scripts.attack.climb import Climb
from scripts.attack.stage import Stage
from scripts.demo_stage import ROOT, DemoFailed, say


def _leave(*_: object) -> NoReturn:
    raise SystemExit(143)


def main() -> int:
    """Run the steps; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--directory", type=Path, default=ROOT / "demo-run" / "attack", help="where all goes")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _leave)
    options.directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            stage = Stage.set_up(options.directory.resolve(), stack)
            climb = Climb(stage)
            for step in (
                climb.allowed,
                climb.throttled,
                climb.challenged,
                climb.stepped_up,
                climb.diverted,
                climb.studied,
                climb.revoked,
                climb.told,
                climb.pardoned,
                stage.honest_day,
            ):
                step()
        except DemoFailed as error:
            print(f"demo: FAILED: {error}\ndemo: logs are in {options.directory}", file=sys.stderr)
            return 1
    say("end", "everything stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The process that compiles large lists, so that no process that serves traffic has to.

Takes ``Order`` on standard input, answers with ``Answer`` on standard output, both JSON.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

from bartizan.errors import ConfigError, Problem
from bartizan.perimeter.denylist.compile import compile_prefixes
from bartizan.perimeter.denylist.store import Answer, Order

NICE = 5
"""Traffic goes first, but not so that a reload under full load takes forever."""


def main() -> None:
    """Compile one set."""
    os.nice(NICE)
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    try:
        answer = Answer(compile_prefixes(order.sources, Path(order.directory)))
    except ConfigError as error:
        answer = Answer(problems=error.problems)
    except OSError as error:
        problem = Problem(order.directory, 0, 0, "storage.directory", f"cannot be written: {error.strerror}")
        answer = Answer(problems=[problem])
    sys.stdout.buffer.write(msgspec.json.encode(answer))


if __name__ == "__main__":
    main()

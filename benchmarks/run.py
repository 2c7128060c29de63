"""``make bench``: all targets, or those named as arguments."""

from __future__ import annotations

import sys

from benchmarks import parts, proxy


def main(names: list[str]) -> int:
    """Run the targets; returns the exit status."""
    wanted = names or [*parts.TARGETS, *proxy.TARGETS]
    unknown = [name for name in wanted if name not in parts.TARGETS and name not in proxy.TARGETS]
    if unknown:
        print(
            f"no target {', '.join(unknown)}; there are {', '.join([*parts.TARGETS, *proxy.TARGETS])}", file=sys.stderr
        )
        return 2
    for name in wanted:
        if name in parts.TARGETS:
            parts.TARGETS[name]()
    proxy.run([name for name in wanted if name in proxy.TARGETS])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

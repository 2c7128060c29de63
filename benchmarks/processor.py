"""CPU time of processes and cores, from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

__all__ = ["busy_time", "tree_time"]

TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds


def busy_time(cores: Iterable[int]) -> float:
    """Return the seconds that cores have spent in processes of any kind, or were taken away by the hypervisor."""
    wanted = {f"cpu{core}" for core in cores}
    ticks = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *values = line.split()
        if name in wanted:
            user, nice, system, _, _, _, _, steal = map(int, values[:8])
            ticks += user + nice + system + steal
    return ticks * TICK


def tree_time(root: int) -> float:
    """Return the CPU seconds of a process and all its descendants, those that have ended included."""
    processes = dict(_processes())
    children: dict[int, list[int]] = {}
    for pid, (parent, _) in processes.items():
        children.setdefault(parent, []).append(pid)
    ticks, left = 0, [root]
    while left:
        pid = left.pop()
        ticks += processes[pid][1] if pid in processes else 0
        left += children.get(pid, [])
    return ticks * TICK


def _processes() -> Iterable[tuple[int, tuple[int, int]]]:
    """Yield (process id, (parent, ticks of its own and of children that it has waited for))."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = file.read_text().rpartition(")")[2].split()  # the name before may hold anything
            yield int(file.parent.name), (int(fields[1]), sum(map(int, fields[11:15])))

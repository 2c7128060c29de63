"""What our rule set costs beside its time for requests: memory, compiling, starting, and reloading."""

from __future__ import annotations

import ctypes
import gc
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.waf.engines import CACHE, Ours, load_ours
from benchmarks.waf.traffic import MADE

__all__ = ["footprint"]

PARANOIA = 4
MEMORY_LIMIT = 150.0  # MiB for CRS in one edge process
COLD_LIMIT, WARM_LIMIT = 30.0, 1.0  # seconds
RELOADS, EVERY = 200, 20
REQUESTS = 2000
SEED = 20261125
FLAT = 3.0  # MiB that live memory may grow by between the first quarter of the reloads and the end


def footprint(*, quick: bool) -> tuple[dict[str, Any], list[str]]:
    """Measure each in a process of its own; returns the figures and what missed its goal."""
    missed = []
    with tempfile.TemporaryDirectory(prefix="bartizan-bench-") as scratch:
        cold = _child("load", scratch)
    warm = [_child("load", str(CACHE)) for _ in range(3)]
    best = min(warm, key=lambda figures: figures["seconds"])
    print(f"compiling CRS at PL{PARANOIA} with an empty cache: {cold['seconds']:.1f} s (under {COLD_LIMIT:g} s)")
    print(
        f"starting with compiled rules: {best['seconds']:.2f} s, {best['cpu']:.2f} s of processor time "
        f"(best of 3; under {WARM_LIMIT:g} s)"
    )
    for name, figures in (("compiled", cold), ("loaded", best)):
        taken = figures["used"] - figures["modules"]
        print(
            f"memory where rules were {name}: interpreter and modules {figures['modules']:.1f} MiB, with rules "
            f"{figures['rules']:.1f}, after {REQUESTS:,} requests {figures['used']:.1f}: rules and their use take "
            f"{taken:.1f} MiB (under {MEMORY_LIMIT:g}); databases on disk {figures['databases']:.1f} MiB"
        )
        if taken >= MEMORY_LIMIT:
            missed.append(f"memory where rules were {name}: {taken:.0f} MiB")
    if cold["seconds"] >= COLD_LIMIT:
        missed.append(f"compiling: {cold['seconds']:.1f} s")
    if best["cpu"] >= WARM_LIMIT:  # one thread, no waiting: what it takes where nobody else wants the processor
        missed.append(f"warm start: {best['cpu']:.2f} s of processor time")
    count = RELOADS // 5 if quick else RELOADS
    reloads = _child("reload", str(count))
    resident, live = reloads["resident"], reloads["live"]
    print(f"{count} reloads, resident MiB every {EVERY}: {_series(resident)}")
    print(f"  with what the allocator holds back given up: {_series(live)} (flat within {FLAT:g})")
    grown = live[-1] - live[len(live) // 4]
    if grown >= FLAT:
        missed.append(f"reloads: {grown:.1f} MiB more")
    return {"cold": cold, "warm": warm, "reloads": reloads}, missed


def _series(figures: list[float]) -> str:
    return " ".join(f"{figure:.1f}" for figure in figures)


def _child(*arguments: str) -> Any:
    command = [sys.executable, "-m", "benchmarks.waf.footprint", *arguments]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def _resident() -> float:
    """Return this process' resident memory in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / (1 << 20)


def _load(cache: Path) -> dict[str, float]:
    """Load rules, and run requests of all kinds with values that are always new."""
    modules = _resident()
    began, used = time.perf_counter(), time.process_time()
    rules = load_ours(PARANOIA, cache)
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    gc.collect()
    loaded = _resident()
    ours, rng = Ours(rules), random.Random(SEED)
    for _ in range(REQUESTS // len(MADE)):
        for make in MADE.values():
            ours.exchange(make(rng))
    databases = sum(file.stat().st_size for file in cache.glob("*.hsdb")) / (1 << 20)
    return {
        "seconds": seconds, "cpu": cpu, "databases": databases,
        "modules": modules, "rules": loaded, "used": _resident(),
    }  # fmt: skip


def _reload(count: int) -> dict[str, list[float]]:
    """Load rules again and again as the edge does, with a request of each kind every time."""
    resident, live, rng = [], [], random.Random(SEED)
    trim = ctypes.CDLL(None).malloc_trim  # what is free may stay resident, now more, now less
    for number in range(count):
        ours = Ours(load_ours(PARANOIA))
        for make in MADE.values():
            ours.exchange(make(rng))
        del ours
        gc.collect()
        if (number + 1) % EVERY == 0:
            resident.append(_resident())
            trim(0)
            live.append(_resident())
    return {"resident": resident, "live": live}


if __name__ == "__main__":
    order, argument = sys.argv[1:]
    print(json.dumps(_load(Path(argument)) if order == "load" else _reload(int(argument))))

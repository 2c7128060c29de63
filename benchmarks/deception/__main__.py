"""Decoys and real answers, measured by a client, and a classifier that tries to tell them apart.

``python -m benchmarks.deception [--visits N]``: the shop (granian) and nginx behind a real ``bartizan up``. The gateway
learns first, under the same load; then real paths and decoys are asked for in a random order, each several times.
The exit status is 1 if some kind of decoy is told from what is real better than the goal allows.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.support.net import free_port
from tests.support.server import ServerProcess

from bartizan.detection.profile.book import DIRECTORY, read_profile
from benchmarks.contenders import SYSTEM_PATH, WHEELS, cores
from benchmarks.deception.features import features
from benchmarks.deception.visits import FAMILIES, Case, Seen, cases, decoy_paths, file_of, visit
from benchmarks.report import OUTPUT

GOAL = 0.6  # AUC
LEARNING = 75.0  # seconds of honest traffic
SETTLING = 6.0  # seconds until all has been taken over
OLDEST = 300 * 86400  # seconds: the age of files
HERE = Path(__file__).parent
REQUIREMENTS = Path("requirements/bench.txt")


def main() -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--visits", type=int, default=3, help="to each path")
    parser.add_argument("--bare", action="store_true", help="a shop that takes no time, as no real API is")
    parser.add_argument("--learning", type=float, default=LEARNING, help="seconds")
    options = parser.parse_args()
    os.environ.update({} if options.bare else {"SHOP_WORK": "1"})
    python, usable = classifier(), os.sched_getaffinity(0)
    with tempfile.TemporaryDirectory(prefix="bartizan-bench-") as scratch:
        seen = measured(Path(scratch), options.visits, options.learning)
    os.sched_setaffinity(0, usable)
    rows: dict[str, list[dict[str, object]]] = {family: [] for family in FAMILIES}
    for each in seen:
        group = f"{each.case.path} {each.head}" if each.case.family == "login" else each.case.path
        row = {"decoy": each.case.decoy, "group": group, "features": features(each)}
        rows[each.case.family].append(row)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    file = OUTPUT / "deception-rows.json"
    file.write_text(json.dumps(rows))
    told = subprocess.run([python, str(HERE / "classify.py"), str(file)], capture_output=True, text=True, check=True)
    return report(json.loads(told.stdout), seen)


def report(areas: dict[str, dict[str, float]], seen: Sequence[Seen]) -> int:
    """Print areas under the curve; returns the exit status."""
    (OUTPUT / "deception.json").write_text(json.dumps(areas, indent=2) + "\n")
    missed = False
    columns = ("all", "time", "head", "body", "chance", "values")
    heads = " ".join([f"{name:>6}" for name in columns])
    print(f"\n{'AUC, goal for all < 0.6':<32} {heads}   time to the head, ms")
    for family, area in areas.items():
        over = area["all"] >= GOAL
        missed = missed or over
        figures = " ".join([f"{area[name]:6.3f}" for name in columns])
        print(f"{FAMILIES[family]:<32} {figures}   {paces(family, seen)}{' MISSED' if over else ''}")
    return int(missed)


def paces(family: str, seen: Sequence[Seen]) -> str:
    """Return p10, p50 and p90 of the times, real and of decoys."""
    out = []
    for name, decoy in (("real", False), ("decoy", True)):
        times = [each.head * 1e3 for each in seen if each.case.family == family and each.case.decoy is decoy]
        tenths = statistics.quantiles(times, n=10)
        out.append(f"{name} {tenths[0]:.2f} {tenths[4]:.2f} {tenths[8]:.2f} ({len(times)})")
    return ", ".join(out)


def measured(directory: Path, visits: int, learning: float) -> list[Seen]:
    """Return what a client saw, after the gateway has learned."""
    made, everything = random.Random(3), cases()
    with gateway(directory, everything) as port:
        print(f"learning for {learning:.0f} s", flush=True)
        end = time.monotonic() + learning
        while time.monotonic() < end:
            visit(port, weighted(everything, made, 200), made)  # the load is the same as later
        time.sleep(SETTLING)
        plan = [each for _ in range(visits) for each in balanced(everything)]
        made.shuffle(plan)
        visit(port, weighted(everything, made, 100), made)
        print(f"learned: {learned(directory)}")
        print(f"measuring {len(plan)} answers", flush=True)
        seen = visit(port, plan, made)
    for each in seen:
        if each.status >= 500:
            raise SystemExit(f"benchmarks.deception: {each}")
    return seen


def learned(directory: Path) -> str:
    """Return p10, p50 and p90 of the times that the gateway has learned, in milliseconds."""
    out = []
    for upstream in ("shop", "web"):
        profile = read_profile(directory / "data" / DIRECTORY, upstream)
        for pace, known in sorted(profile.latencies.items()) if profile is not None else ():
            tenths = " ".join([f"{known.at(share) * 1e3:.2f}" for share in (0.1, 0.5, 0.9)])
            out.append(f"{upstream} {pace} {tenths} ({known.seen})")
    return ", ".join(out)


def balanced(everything: Sequence[Case]) -> Iterator[Case]:
    """Yield the real ones and the decoys of each family equally often, and each family about as often as others."""
    for family in FAMILIES:
        kinds = [
            [case for case in everything if case.family == family and case.decoy is decoy] for decoy in (False, True)
        ]
        count = max(100, *(len(kind) for kind in kinds))
        for kind in kinds:
            for number in range(count):
                yield kind[number % len(kind)]


def weighted(everything: Sequence[Case], made: random.Random, count: int) -> list[Case]:
    """Return some requests, of each family about as many real ones as decoys."""
    by_family = [
        [case for case in everything if case.family == family and case.decoy is decoy]
        for family in FAMILIES
        for decoy in (False, True)
    ]
    return [made.choice(made.choice(by_family)) for _ in range(count)]


@contextmanager
def gateway(directory: Path, everything: Sequence[Case]) -> Iterator[int]:
    """Run the shop, nginx and Bartizan; yields the gateway's port."""
    ours, client = cores()
    os.sched_setaffinity(0, {client})  # it has a core of its own: what it measures is not its own waiting
    with ExitStack() as stack:
        shop, static, port = free_port(), free_port(), free_port()
        serve(stack, ours, granian(shop), shop, directory / "shop.log")
        write_files(directory, everything)
        config = filled(HERE / "static.conf", directory, static)
        user = ["-g", "user root;"] if os.getuid() == 0 else []
        nginx = ["env", f"PATH={SYSTEM_PATH}", "nginx", "-p", str(directory), "-c", str(config), *user]
        serve(stack, ours, [*nginx, "-e", str(directory / "start.err")], static, directory / "nginx.log")
        file = directory / "bartizan.yaml"
        file.write_text(json.dumps(settings(directory, everything, port, shop, static)))
        serve(stack, ours, [sys.executable, "-m", "bartizan.cli", "up", "-c", str(file)], port, directory / "up.log")
        yield port


def serve(stack: ExitStack, core: int, command: list[str], port: int, log: Path) -> None:
    """Run a server on one core until the stack ends."""
    server = ServerProcess(["taskset", "-c", str(core), *command], port, log)
    server.start(60.0)
    stack.callback(server.stop)


def granian(port: int) -> list[str]:
    """Return the command that serves the shop."""
    options = ["--interface", "asgi", "--workers", "1", "--no-ws", "--port", str(port)]
    return [str(Path(sys.executable).with_name("granian")), *options, "benchmarks.deception.shop:app"]


def filled(template: Path, directory: Path, port: int) -> Path:
    """Write a configuration file from its template."""
    file = directory / template.name
    file.write_text(template.read_text().replace("@DIR@", str(directory)).replace("@PORT@", str(port)))
    return file


def write_files(directory: Path, everything: Sequence[Case]) -> None:
    """Write the files of nginx, of different ages, and those of decoys."""
    made = random.Random(11)
    for case in everything:
        if case.family == "file":
            file = directory / ("baits" if case.decoy else "www") / case.path[1:]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(file_of(case.path))
            at = time.time() - made.random() * OLDEST
            os.utime(file, (at, at))


def settings(directory: Path, everything: Sequence[Case], port: int, shop: int, static: int) -> dict[str, object]:
    """Return the configuration of the gateway."""
    upstreams = [
        {"name": name, "nodes": [{"address": f"127.0.0.1:{at}"}]} for name, at in (("shop", shop), ("web", static))
    ]
    return {
        "workers": 1,
        "listeners": [
            {"name": "main", "address": f"127.0.0.1:{port}", "limits": {"requests_per_connection": 100000000}}
        ],
        "upstreams": upstreams,
        "routes": [
            {"name": "shop", "paths": ["/api/*"], "upstream": "shop"},
            {"name": "web", "paths": ["/*"], "upstream": "web"},
        ],
        "deception": {
            "enabled": True,
            "decoys": {"builtin": "none", "paths": decoy_paths(everything, str(directory / "baits"))},
        },
        "storage": {"directory": str(directory / "data")},
        "logging": {"level": "warning"},
        "admin": {"address": f"127.0.0.1:{free_port()}"},
    }


def classifier() -> str:
    """Return the interpreter that has scikit-learn, in a virtual environment of the benchmarks' own."""
    python = WHEELS / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(WHEELS)], check=True)
    if subprocess.run([str(python), "-c", "import sklearn"], capture_output=True, check=False).returncode:
        pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--only-binary", ":all:"]
        subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", str(REQUIREMENTS)], check=True)
    return str(python)


if __name__ == "__main__":
    sys.exit(main())

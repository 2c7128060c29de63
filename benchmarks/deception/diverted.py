"""Whether a client can tell that it is diverted: ``python -m benchmarks.deception.diverted [--visits N] [--bare]``.

The demo's API (granian), which takes the time of one with a database unless it is ``--bare``, behind a real
``bartizan up``. Some addresses have a risk in the shared state and are diverted, others have none; both ask for the
same kinds of things over kept connections, in a random order. A classifier tries to tell them apart. The exit status
is 1 if it tells some kind of answer better than the goal allows.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scripts.attack.api import ORDERS, PAGE, openapi
from tests.support.net import free_port

from bartizan.config.model import State as StateSettings
from bartizan.detection.standing import Standing, publish
from bartizan.storage.state import open_state
from benchmarks.contenders import cores
from benchmarks.deception.__main__ import HERE, SETTLING, classifier, granian, learned, paces, serve
from benchmarks.deception.features import features
from benchmarks.deception.visits import GAP, Case, Seen, ask
from benchmarks.report import OUTPUT

LEARNING = 110.0  # seconds of traffic: the profile takes in five responses a second
GOAL = 0.6  # AUC, for each family of features
VISITS = 700  # of each kind, real and as many diverted: two minutes
FAMILIES = {
    "object": "an object: /api/orders/{id}",
    "list": "a list: /api/orders?page={n}",
    "missing": "404: /api/{word}/{n}",
    "refused": "404 of an id: /api/orders/{word}",
}
HONEST = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
DIVERTED = ("127.0.0.11", "127.0.0.12", "127.0.0.13", "127.0.0.14")
AT, RISK = 80.0, 95.0
_WORDS = ("account", "archive", "asset", "audit", "basket", "batch", "client", "coupon", "device", "draft", "export")


def main() -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--visits", type=int, default=VISITS, help="of each kind")
    parser.add_argument("--learning", type=float, default=LEARNING, help="seconds")
    parser.add_argument("--bare", action="store_true", help="an API that takes no time, as no real one is")
    options = parser.parse_args()
    os.environ.update({} if options.bare else {"SHOP_WORK": "1"})
    python, usable = classifier(), os.sched_getaffinity(0)
    with tempfile.TemporaryDirectory(prefix="bartizan-bench-") as scratch:
        seen = measured(Path(scratch), options.visits, options.learning)
    os.sched_setaffinity(0, usable)
    rows: dict[str, list[dict[str, object]]] = {family: [] for family in FAMILIES}
    for each in seen:
        row = {"decoy": each.case.decoy, "group": each.case.path, "features": features(each)}
        rows[each.case.family].append(row)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    file = OUTPUT / "diverted-rows.json"
    file.write_text(json.dumps(rows))
    told = subprocess.run([python, str(HERE / "classify.py"), str(file)], capture_output=True, text=True, check=True)
    return report(json.loads(told.stdout), seen)


def report(areas: dict[str, dict[str, float]], seen: Sequence[Seen]) -> int:
    """Print areas under the curve, whichever way round they tell; returns the exit status."""
    (OUTPUT / "diverted.json").write_text(json.dumps(areas, indent=2) + "\n")
    missed = False
    columns = ("all", "time", "head", "body", "chance", "values")
    heads = " ".join([f"{name:>6}" for name in columns])
    print(f"\n{'AUC, goal for each family < 0.6':<34} {heads}   time to the head, ms: p10 p50 p90")
    for family, area in areas.items():
        told = {name: max(value, 1 - value) for name, value in area.items()}
        over = [name for name in ("all", "time", "head", "body") if told[name] >= GOAL]
        missed = missed or bool(over)
        figures = " ".join([f"{told[name]:6.3f}" for name in columns])
        print(f"{FAMILIES[family]:<34} {figures}   {paces(family, seen)}{' MISSED' if over else ''}")
    return int(missed)


def measured(directory: Path, visits: int, learning: float) -> list[Seen]:
    """Return what clients saw, after the gateway has learned."""
    made = random.Random(5)
    plan = [
        Case(family, diverted, path)
        for family in FAMILIES
        for diverted, paths in zip((False, True), paths_of(family, made), strict=True)
        for path in (made.choice(paths) for _ in range(visits))
    ]
    made.shuffle(plan)
    with gateway(directory) as port:
        check_diverted(port)
        print(f"learning for {learning:.0f} s", flush=True)
        end = time.monotonic() + learning
        while time.monotonic() < end:
            visit(port, made.choices(plan, k=300), made)  # the load is the same as later
        time.sleep(SETTLING)
        visit(port, made.choices(plan, k=100), made)
        print(f"learned: {learned(directory)}\nmeasuring {len(plan):,} answers", flush=True)
        return visit(port, plan, made)


def paths_of(family: str, made: random.Random) -> tuple[list[str], list[str]]:
    """Return paths for honest and for diverted clients: of the same distribution, and different ones.

    There are few pages of a list: both ask for the same ones, since there is a difference between few pages and others.
    """
    if family == "list":
        pages = [f"/api/orders?page={number + 1}" for number in range(ORDERS // PAGE)]
        return pages, pages
    if family == "object":
        paths = [f"/api/orders/{number + 1}" for number in range(ORDERS)]
    elif family == "refused":
        paths = [f"/api/orders/{made.choice(_WORDS)}-{number}" for number in range(200)]
    else:
        paths = [f"/api/{made.choice(_WORDS)}/{number}" for number in made.sample(range(1, 10_000), 200)]
    made.shuffle(paths)
    half = len(paths) // 2
    return paths[:half], paths[half:]


def visit(port: int, chosen: Sequence[Case], made: random.Random) -> list[Seen]:
    """Make requests one after the other, diverted ones from other addresses; returns what the clients saw."""
    honest, diverted = ([connect(port, address) for address in addresses] for addresses in (HONEST, DIVERTED))
    out = []
    for case in chosen:
        time.sleep(made.expovariate(1 / GAP))
        out.append(ask(made.choice(diverted if case.decoy else honest), case, made))
    for client in (*honest, *diverted):
        client.close()
    return out


def connect(port: int, address: str) -> http.client.HTTPConnection:
    """Return a connection that comes from an address."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20, source_address=(address, 0))
    client.connect()
    return client


def check_diverted(port: int) -> None:
    """Wait until those who are to be diverted are, and nobody else: the API has no object with this id."""
    path = f"/api/orders/{ORDERS}0"

    def statuses(addresses: Sequence[str]) -> set[int]:
        out = set()
        for address in addresses:
            client = connect(port, address)
            client.request("GET", path)
            out.add(client.getresponse().status)
            client.close()
        return out

    wait_for(lambda: statuses(DIVERTED) == {200}, "the diverted are not diverted")
    wait_for(lambda: statuses(HONEST) == {404}, "the honest are diverted")


def wait_for(happened: Callable[[], bool], otherwise: str) -> None:
    """Wait for something; raises ``SystemExit`` after 15 s."""
    deadline = time.monotonic() + 15
    while not happened():
        if time.monotonic() > deadline:
            raise SystemExit(f"benchmarks.deception.diverted: {otherwise}")
        time.sleep(0.2)


@contextmanager
def gateway(directory: Path) -> Iterator[int]:
    """Run the API and Bartizan, with a risk of those who are to be diverted; yields the gateway's port."""
    ours, client = cores()
    os.sched_setaffinity(0, {client})  # it has a core of its own: what it measures is not its own waiting
    with ExitStack() as stack:
        shop, port = free_port(), free_port()
        serve(stack, ours, granian(shop), shop, directory / "shop.log")
        (directory / "openapi.json").write_text(json.dumps(openapi()))
        file = directory / "bartizan.yaml"
        file.write_text(json.dumps(settings(directory, port, shop)))
        serve(stack, ours, [sys.executable, "-m", "bartizan.cli", "up", "-c", str(file)], port, directory / "up.log")
        asyncio.run(raise_risk(directory / "data"))
        yield port


def settings(directory: Path, port: int, shop: int) -> dict[str, object]:
    """Return the configuration of the gateway."""
    return {
        "workers": 1,
        "listeners": [
            {"name": "main", "address": f"127.0.0.1:{port}", "limits": {"requests_per_connection": 100000000}}
        ],
        "upstreams": [{"name": "shop", "nodes": [{"address": f"127.0.0.1:{shop}"}]}],
        "routes": [{"name": "api", "paths": ["/*"], "upstream": "shop"}],
        "guards": {"obstacles": {"divert": {"at": AT}}},
        "sentry": {"enabled": True},
        "deception": {
            "enabled": True,
            "decoys": {"builtin": "none"},
            "divert": {"enabled": True, "openapi": {"shop": str(directory / "openapi.json")}},
        },
        "storage": {"directory": str(directory / "data")},
        "logging": {"level": "warning"},
        "admin": {"address": f"127.0.0.1:{free_port()}"},
    }


async def raise_risk(data: Path) -> None:
    """Have some addresses stand with a risk, as a sentry would publish it."""
    state = open_state(StateSettings(), data)
    now = time.time()
    await publish(
        state, [Standing(f"address:{each}", RISK, now, 86400.0, "benchmark", "measured") for each in DIVERTED]
    )
    await state.close()


if __name__ == "__main__":
    sys.exit(main())

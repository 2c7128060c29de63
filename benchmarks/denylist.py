"""A million prefixes: loading them, looking addresses up, and the whole guard; beside py-radix where it is installed.

``python -m benchmarks.denylist``. Each case is half IPv4 and half IPv6 prefixes, of the lengths that public lists have.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path

import structlog

from bartizan.http.headers import Headers
from bartizan.http.message import Request
from bartizan.perimeter.denylist import Bans, Denylist, PrefixSet, PrefixStore
from bartizan.pipeline import Client, Connection, Exchange
from bartizan.storage.state.lmdb_engine import LmdbState
from benchmarks.report import Row, write_report
from benchmarks.servers import BENCH_VENV

PREFIXES = 1_000_000
LOOKUPS = 40_000  # a case
PEER = "py-radix"
V4_LENGTHS = ((32, 24, 22, 20, 28), (60, 25, 5, 2, 8))
V6_LENGTHS = ((128, 64, 48, 56, 32), (30, 40, 20, 5, 5))
V6_BLOCKS = (0x2001, 0x2400, 0x2600, 0x2804, 0x2A00, 0x2A02)

_PEER_SCRIPT = """
import json, sys, time
import radix
lines, queries = sys.argv[1:]
begun = time.perf_counter()
tree = radix.Radix()
with open(lines) as file:
    for line in file:
        tree.add(line.strip())
answer = {"load": time.perf_counter() - begun}
for case, texts in json.load(open(queries)).items():
    packed = [bytes.fromhex(text) for text in texts]
    best, clock, times, hits = tree.search_best, time.perf_counter_ns, [], 0
    for _ in range(2):
        times.clear()
        for address in packed:
            begun = clock()
            best(packed=address)
            times.append(clock() - begun)
    answer[case] = sorted(times)
print(json.dumps({name: value if name == "load" else [value[len(value) // 2], value[len(value) * 99 // 100]]
                  for name, value in answer.items()}))
"""


@dataclass(frozen=True, slots=True)
class Address:
    """What is looked up."""

    version: int
    number: int


def run() -> None:
    """Measure, print and write ``build/bench/denylist.json``."""
    chosen = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        lines = prefixes(chosen)
        listed = directory / "list.txt"
        listed.write_text("\n".join(lines) + "\n")
        cases = queries(chosen, lines)
        theirs = peer(directory, listed, cases)
        store = directory / "prefixes"
        begun = time.perf_counter()
        found = PrefixStore(store, structlog.get_logger()).get([], [str(listed)])
        loaded = time.perf_counter() - begun
        begun = time.perf_counter()
        PrefixStore(store, structlog.get_logger()).get([], [str(listed)])
        mapped = time.perf_counter() - begun
        size = sum(file.stat().st_size for file in store.glob("*.bzp"))
        rows = [
            Row("load 1,000,000 prefixes: read, compile, map", "s", loaded, beside(theirs, "load")),
            Row("the same in the next process: digest, map", "s", mapped, beside(theirs, "load")),
            Row("compiled, per prefix, shared by all processes", "bytes", size / PREFIXES),
        ]
        for case, addresses in cases.items():
            middle, late = percentiles(found, addresses)
            rows.append(Row(f"look-up {case}, p50", "us", middle, beside(theirs, case, 0)))
            rows.append(Row(f"look-up {case}, p99", "us", late, beside(theirs, case, 1)))
        for version in ("IPv4", "IPv6"):
            took = guard(directory / version, found, cases[f"{version} random"])
            rows.append(Row(f"the whole guard on a miss, {version}, p50", "us", took))
        if theirs is None:
            rows.append(Row("look-up by a scan with ipaddress, scaled", "us", naive(lines)))
    write_report("denylist", rows)


def prefixes(chosen: random.Random) -> list[str]:
    """Return distinct prefixes in no order."""
    found: set[str] = set()
    while len(found) < PREFIXES:
        if len(found) < PREFIXES // 2:
            (length,) = chosen.choices(*V4_LENGTHS)
            found.add(f"{ip_address(chosen.getrandbits(32) >> (32 - length) << (32 - length))}/{length}")
        else:
            (length,) = chosen.choices(*V6_LENGTHS)
            number = (chosen.choice(V6_BLOCKS) << 112 | chosen.getrandbits(112)) >> (128 - length) << (128 - length)
            found.add(f"{IPv6Address(number)}/{length}")
    lines = list(found)
    chosen.shuffle(lines)
    return lines


def queries(chosen: random.Random, lines: Sequence[str]) -> dict[str, list[Address]]:
    """Return addresses to look up, by case."""
    some = [ip_network(line) for line in chosen.sample(lines, 5 * LOOKUPS)]
    hits = {
        version: [Address(version, int(network[0])) for network in some if network.version == version][:LOOKUPS]
        for version in (4, 6)
    }
    elsewhere = {
        4: [Address(4, chosen.getrandbits(32)) for _ in range(LOOKUPS)],
        6: [Address(6, chosen.choice(V6_BLOCKS) << 112 | chosen.getrandbits(112)) for _ in range(LOOKUPS)],
    }
    mixed = [*hits[4], *hits[6], *elsewhere[4], *elsewhere[6]]
    chosen.shuffle(mixed)
    return {
        "IPv4 listed": hits[4],
        "IPv6 listed": hits[6],
        "IPv4 random": elsewhere[4],
        "IPv6 random": elsewhere[6],
        "mixed": mixed[:LOOKUPS],
    }


def percentiles(found: PrefixSet, addresses: Sequence[Address]) -> tuple[float, float]:
    """Return the median and the 99th percentile of single look-ups in microseconds, the clock's own time included."""
    match, clock, times = found.match, time.perf_counter_ns, []
    pairs = [(address.version, address.number) for address in addresses]
    for _ in range(2):  # the first round warms caches
        times.clear()
        for version, number in pairs:
            begun = clock()
            match(version, number)
            times.append(clock() - begun)
    times.sort()
    return times[len(times) // 2] / 1000, times[len(times) * 99 // 100] / 1000


def guard(directory: Path, found: PrefixSet, addresses: Sequence[Address]) -> float:
    """Return the median microseconds of the guard for a client that is not listed: lists, allowlist, bans, clock."""
    state = LmdbState(directory / "state", 2**24)
    allow = PrefixSet.of(["10.0.0.0/8", "192.168.0.0/16"])
    checked = Denylist(deny=found, allow=allow, bans=Bans(state, structlog.get_logger()), clock=time.time)
    exchange, times, clock = _exchange(), [], time.perf_counter_ns
    for address in addresses:
        if found.match(address.version, address.number):
            continue
        exchange.client = Client("", 0, address.version, address.number)
        begun = clock()
        with suppress(StopIteration):
            checked.on_request(exchange).send(None)
        times.append(clock() - begun)
    asyncio.run(state.close())
    return sorted(times)[len(times) // 2] / 1000


def peer(directory: Path, listed: Path, cases: dict[str, list[Address]]) -> dict[str, float | list[float]] | None:
    """Return what py-radix takes: seconds to load, and nanoseconds of a look-up by case; None if it is not there."""
    packed = {
        case: [address.number.to_bytes(4 if address.version == 4 else 16, "big").hex() for address in addresses]
        for case, addresses in cases.items()
    }
    (directory / "queries.json").write_text(json.dumps(packed))
    command = [str(BENCH_VENV / "bin/python"), "-c", _PEER_SCRIPT, str(listed), str(directory / "queries.json")]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        why = getattr(error, "stderr", None) or str(error)
        print(f"{PEER} is left out: {why.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    answer: dict[str, float | list[float]] = json.loads(done.stdout)
    return answer


def beside(theirs: dict[str, float | list[float]] | None, case: str, at: int = 0) -> dict[str, float]:
    """Return the peer's figure for a row: seconds for the load, microseconds for look-ups."""
    if theirs is None:
        return {}
    value = theirs[case]
    return {PEER: value[at] / 1000 if isinstance(value, list) else value}


def naive(lines: Sequence[str]) -> float:
    """Return microseconds that a scan of all networks takes, from a scan of a thousand of them."""
    networks, probe = [ip_network(line) for line in lines[:1000]], ip_address("192.0.2.1")
    look: Callable[[], bool] = lambda: any(probe in network for network in networks)  # noqa: E731
    begun = time.perf_counter()
    look()
    return (time.perf_counter() - begun) * 1e6 * PREFIXES / len(networks)


def _exchange() -> Exchange:
    client = Client("192.0.2.7", 0, 4, 0xC0000207)
    connection = Connection("public", "https", client, "10.0.0.1:443")
    return Exchange("0", Request("GET", b"/", Headers()), connection, client, received=0.0, started=0.0)


if __name__ == "__main__":
    run()

"""Requests a second as a proxy, on one core, beside nginx and others; memory of one edge process."""

from __future__ import annotations

import contextlib
import re
import resource
import shutil
import socket
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import servers
from benchmarks.report import Row, write_report
from benchmarks.servers import LOAD_CORE, PEERS, PeerUnavailableError, Site, free_port

CONNECTIONS = 32
SECONDS = 6
ROUNDS = 3
IDLE_CONNECTIONS = 5000


@dataclass
class Load:
    """What wrk measured: requests a second, latencies in milliseconds, answers that were not 2xx or 3xx."""

    rate: float
    p50: float
    p99: float
    failed: int


def wrk(port: int, seconds: int = SECONDS) -> Load:
    """Load a server from the other core."""
    command = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    text = subprocess.run([*command, f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True).stdout
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return Load(
        float(_found(r"Requests/sec:\s+([\d.]+)", text)),
        _milliseconds(_found(r"(?m)^\s+50%\s+(\S+)", text)),
        _milliseconds(_found(r"(?m)^\s+99%\s+(\S+)", text)),
        int(failed[1]) if failed else 0,
    )


def compare(site: Site, *, limited: bool) -> dict[str, Load]:
    """Measure nginx and Bartizan in turns; returns the median round of each."""
    ports = {"nginx": free_port(), "bartizan": free_port()}
    measured: dict[str, list[Load]] = {name: [] for name in ports}
    with (
        servers.nginx(site, ports["nginx"], limited=limited),
        servers.bartizan(site, ports["bartizan"], limited=limited),
    ):
        for name, port in ports.items():
            wrk(port, 1)
            measured[name].clear()
        for _ in range(ROUNDS):
            for name, port in ports.items():
                measured[name].append(wrk(port))
    return {name: sorted(loads, key=lambda load: load.rate)[len(loads) // 2] for name, loads in measured.items()}


def rows(case: str, ours: Load, peers: dict[str, Load]) -> list[Row]:
    """Return the rows of a case; a case with failed requests is worth nothing and says so."""
    for name, load in {"bartizan": ours, **peers}.items():
        if load.failed:
            raise RuntimeError(f"{case}: {load.failed} requests of {name} failed")
    return [
        Row(case, "requests/s", ours.rate, {name: load.rate for name, load in peers.items()}),
        Row(f"{case}, p50", "ms", ours.p50, {name: load.p50 for name, load in peers.items()}),
        Row(f"{case}, p99", "ms", ours.p99, {name: load.p99 for name, load in peers.items()}),
    ]


def proxy(site: Site) -> None:
    """A bare proxy beside nginx, haproxy, envoy, caddy and traefik."""
    found = compare(site, limited=False)
    peers = {"nginx": found["nginx"]}
    for name, start in PEERS.items():
        port = free_port()
        try:
            with start(site, port):
                wrk(port, 1)
                peers[name] = wrk(port)
        except PeerUnavailableError as error:
            print(f"  {name} is left out: {error}", flush=True)
    write_report("proxy", rows("proxy, 1 KiB JSON, 32 connections", found["bartizan"], peers))


def ratelimit(site: Site) -> None:
    """The same with a rate limit that is never reached."""
    found = compare(site, limited=True)
    write_report("ratelimit", rows("proxy with rate limit", found["bartizan"], {"nginx": found["nginx"]}))


def memory(site: Site) -> None:
    """Resident memory of one edge process: idle, and with thousands of idle keep-alive connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, IDLE_CONNECTIONS * 2 + 1000), hard))
    port = free_port()
    try:
        with servers.bartizan(site, port, limited=False) as pid, contextlib.ExitStack() as open_connections:
            wrk(port, 1)  # the worker serves once it answers
            worker = _children(pid)[0]
            idle = _resident(worker)
            for _ in range(IDLE_CONNECTIONS):
                sock = open_connections.enter_context(socket.create_connection(("127.0.0.1", port)))
                sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                sock.recv(4096)
            time.sleep(1.0)
            loaded = _resident(worker)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    limits = {
        "idle edge process (limit 80)": (idle, 80.0),
        f"{IDLE_CONNECTIONS} idle connections (limit 200)": (loaded, 200.0),
    }
    write_report("memory", [Row(case, "MiB", value, {"limit": limit}) for case, (value, limit) in limits.items()])


TARGETS: dict[str, Callable[[Site], None]] = {"proxy": proxy, "ratelimit": ratelimit, "memory": memory}


def run(names: list[str]) -> None:
    """Run the targets named."""
    directory = Path("build/bench/run").absolute()
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    site = Site(directory, free_port())
    with servers.upstream(site):
        for name in names:
            TARGETS[name](site)


def _resident(pid: int) -> float:
    """Return a process' resident memory in MiB, the median of a few looks."""
    looks = []
    for _ in range(5):
        status = Path(f"/proc/{pid}/status").read_text()
        looks.append(int(_found(r"VmRSS:\s+(\d+) kB", status)) / 1024)
        time.sleep(0.1)
    return statistics.median(looks)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"{pattern!r} is not in {text[:400]!r}")
    return match[1]


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr] # wrk's own form
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]

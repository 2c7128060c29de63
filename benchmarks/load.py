"""Load by wrk: one thread, 32 connections that are kept."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contenders import BODY, TEMPLATES, Place, cores
from benchmarks.processor import busy_time, tree_time

__all__ = ["NOISE", "PATH", "CaseFailed", "Figures", "measure"]

PATH = "/api/items?page=1"
WARM_UP = 1.0  # seconds
CONNECTIONS = 32
NOISE = 0.05  # of both cores, used by others
TRIES = 3


class CaseFailed(Exception):
    """A server did not answer every request with what the upstream says."""


@dataclass(frozen=True)
class Figures:
    """Requests per second, and per second of CPU time that the server used; latencies in milliseconds.

    ``others`` is the share of both cores that processes used which have no part in this: it should be near 0.
    """

    rate: float
    per_cpu: float
    p50: float
    p99: float
    others: float

    def __str__(self) -> str:
        return (
            f"{self.rate:8,.0f} requests/s  p50 {self.p50:6.2f} ms  p99 {self.p99:6.2f} ms  "
            f"{self.per_cpu:8,.0f} requests/CPU s  all 2xx  other processes {self.others:4.0%} of the cores"
            f"{'  NOISY' if self.others > NOISE else ''}"
        )


def measure(place: Place, seconds: float, requests: str = "") -> Figures:
    """Load a server for a while after a warm-up; raises ``CaseFailed`` if not all answers are 2xx.

    ``requests`` names the wrk script among the peers' files that says what is sent; ``PATH`` is asked for without.

    It is done again if something else kept the machine busy meanwhile; the quietest time counts.
    """
    _look(place.port)
    script = _script(place, requests)
    _wrk(place.port, WARM_UP, script)
    tries = [_once(place, seconds, script)]
    while tries[-1].others > NOISE and len(tries) < TRIES:
        tries.append(_once(place, seconds, script))
    return min(tries, key=lambda figures: figures.others)


def _script(place: Place, requests: str) -> Path:
    """Write the script that sends ``requests`` and prints the figures."""
    parts = [TEMPLATES / requests] if requests else []
    script = place.directory / f"wrk-{requests or 'plain.lua'}"
    script.write_text("\n".join(part.read_text() for part in [*parts, Path(__file__).parent / "wrk.lua"]))
    return script


def _once(place: Place, seconds: float, script: Path) -> Figures:
    busy, ours, server = busy_time(cores()), tree_time(os.getpid()), tree_time(place.pid)
    got = _wrk(place.port, seconds, script)
    used = tree_time(place.pid) - server
    others = busy_time(cores()) - busy - (tree_time(os.getpid()) - ours)
    took = got["microseconds"] / 1e6
    if got["refused"] or got["broken"]:
        told = f"{got['refused']} answers not 2xx, {got['broken']} socket errors of {got['requests']} requests"
        raise CaseFailed(told)
    return Figures(
        rate=got["requests"] / took,
        per_cpu=got["requests"] / used,
        p50=got["p50"] / 1000,
        p99=got["p99"] / 1000,
        others=max(0.0, others / took / 2),
    )


def _look(port: int) -> None:
    """Check one answer, as soon as the server has routes."""
    end = time.monotonic() + 10
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", PATH)
            answer = connection.getresponse()
            body = answer.read().decode()
        finally:
            connection.close()
        if (answer.status, body) == (200, BODY):
            return
        if time.monotonic() > end:
            raise CaseFailed(f"answers {answer.status}: {body[:200]}")
        time.sleep(0.1)


def _wrk(port: int, seconds: float, script: Path) -> dict[str, float]:
    command = ["taskset", "-c", str(cores()[1]), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "--latency",
               "-s", str(script), f"http://127.0.0.1:{port}{PATH}"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=False)
    if done.returncode:
        raise CaseFailed(f"wrk: {done.stderr.strip()}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures

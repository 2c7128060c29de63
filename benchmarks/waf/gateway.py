"""Bartizan with the OWASP Core Rule Set beside nginx with ModSecurity and the same rules, through sockets.

Both are configured as Debian has it, at paranoia 1 and blocking: before anything is measured an attack has to be
refused with 403 and an ordinary request to pass. Rounds are interleaved, and each request has other values.
"""

from __future__ import annotations

import http.client
import time
from pathlib import Path

from benchmarks.contenders import WAF_BARTIZAN, WAF_NGINX, Contender, Place, running, upstream
from benchmarks.load import CaseFailed, measure
from benchmarks.proxy import Score, row
from benchmarks.report import Row

__all__ = ["gateway"]

ROUNDS = 3
FASTER = 5.0  # times nginx's requests per second
CASES = {"GET with query": "get.lua", "JSON POST": "post.lua"}
ATTACK = "/api/items?x=<script>alert(1)</script>"
ORDINARY = "/api/items?page=1"


def gateway(directory: Path, seconds: float) -> list[Row]:
    """Measure, ``seconds`` a round."""
    scores = {case: {contender.name: Score() for contender in (WAF_NGINX, WAF_BARTIZAN)} for case in CASES}
    with upstream(directory / "upstream") as backend:
        for number, contender in enumerate([WAF_NGINX, WAF_BARTIZAN] * ROUNDS):
            _round(contender, scores, directory / f"{number}-{contender.name}", backend, seconds)
    rows = []
    for case, by_name in scores.items():
        ours = by_name.pop(WAF_BARTIZAN.name)
        rows += [
            row(f"WAF, {case}", "requests/s", "rate", ours, by_name, at_least=FASTER),
            row(f"WAF, {case}, requests per CPU second", "1/s", "per_cpu", ours, by_name, at_least=FASTER),
            row(f"WAF, {case}, latency p50", "ms", "p50", ours, by_name),
            row(f"WAF, {case}, latency p99", "ms", "p99", ours, by_name, at_most=1.0),
        ]
    return rows


def _round(
    contender: Contender, scores: dict[str, dict[str, Score]], directory: Path, backend: int, seconds: float
) -> None:
    mine = {case: by_name[contender.name] for case, by_name in scores.items()}
    try:
        with running(contender, directory, backend) as place:
            _check(place)
            for case, script in CASES.items():
                figures = measure(place, seconds, script)
                mine[case].rounds.append(figures)
                print(f"  {contender.name:<9} {case:<15} {figures}", flush=True)
    except (CaseFailed, OSError, RuntimeError) as error:
        for score in mine.values():
            score.failed = " ".join(str(error).split())[:500]
        print(f"  {contender.name:<9} FAILED: {error}", flush=True)


def _check(place: Place) -> None:
    """Check that the rules are on, as soon as the server has routes. Raises ``CaseFailed``."""
    end = time.monotonic() + 10
    while (got := (_status(place.port, ORDINARY), _status(place.port, ATTACK))) != (200, 403):
        if time.monotonic() > end:
            raise CaseFailed(f"an ordinary request is answered with {got[0]}, an attack with {got[1]}")
        time.sleep(0.1)


def _status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        fields = {"User-Agent": "Mozilla/5.0", "Accept": "*/*"}
        connection.request("GET", path.replace("<", "%3C").replace(">", "%3E"), headers=fields)
        return connection.getresponse().status
    finally:
        connection.close()

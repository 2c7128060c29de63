"""Requests per second and latency of Bartizan beside other gateways, as a bare proxy and with a rate limit on.

Rounds are interleaved, so that what else the machine does meets all alike; figures are medians of the rounds, of the
quiet ones where there are any. Requests per second of the server's CPU time tell what it would do on a core that nobody
else uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.contenders import BARTIZAN, NGINX, PEERS, Contender, running, upstream
from benchmarks.load import NOISE, CaseFailed, Figures, measure
from benchmarks.report import Row

__all__ = ["Score", "proxy", "ratelimit", "row"]

ROUNDS = 3
REQUIRED = 0.30  # of nginx's requests per second


@dataclass
class Score:
    """The rounds of one server, or why there are none."""

    rounds: list[Figures] = field(default_factory=list)
    failed: str = ""

    def middle(self, figure: str) -> float | None:
        """Return the median of a figure over the rounds, the quiet ones if there are any."""
        if self.failed or not self.rounds:
            return None
        quiet = [each for each in self.rounds if each.others <= NOISE] or self.rounds
        return float(median(getattr(each, figure) for each in quiet))


def proxy(directory: Path, seconds: float) -> list[Row]:
    """Measure bare proxies, ``seconds`` a round."""
    order = [NGINX, BARTIZAN, *PEERS[:2], NGINX, BARTIZAN, *PEERS[2:], NGINX, BARTIZAN]
    return _compare("bare proxy", order, directory, seconds, limited=False)


def ratelimit(directory: Path, seconds: float) -> list[Row]:
    """Measure with a rate limit that is never reached: nginx's limit_req, one window by address."""
    return _compare("proxy with rate limit", [NGINX, BARTIZAN] * ROUNDS, directory, seconds, limited=True)


def _compare(case: str, order: Sequence[Contender], directory: Path, seconds: float, *, limited: bool) -> list[Row]:
    scores = {contender.name: Score() for contender in order}
    with upstream(directory / "upstream") as backend:
        for number, contender in enumerate(order):
            score = scores[contender.name]
            if not score.failed:
                _round(contender, score, directory / f"{number}-{contender.name}", backend, seconds, limited=limited)
    ours = scores.pop(BARTIZAN.name)
    return [
        row(f"{case}, 1 KiB JSON", "requests/s", "rate", ours, scores, at_least=REQUIRED),
        row(f"{case}, requests per CPU second", "1/s", "per_cpu", ours, scores, at_least=REQUIRED),
        row(f"{case}, latency p50", "ms", "p50", ours, scores),
        row(f"{case}, latency p99", "ms", "p99", ours, scores),
    ]


def _round(contender: Contender, score: Score, directory: Path, backend: int, seconds: float, *, limited: bool) -> None:
    try:
        with running(contender, directory, backend, limited=limited) as place:
            figures = measure(place, seconds)
    except (CaseFailed, OSError, RuntimeError) as error:
        score.failed = " ".join(str(error).split())[:500]
        print(f"  {contender.name:<9} FAILED: {score.failed}", flush=True)
    else:
        score.rounds.append(figures)
        print(f"  {contender.name:<9} {figures}", flush=True)


def row(
    case: str,
    unit: str,
    figure: str,
    ours: Score,
    peers: dict[str, Score],
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Row:
    """Return a row of the report; requirements are on the ratio to nginx."""
    failed = {name: score.failed for name, score in peers.items() if score.failed}
    if ours.failed:
        failed[BARTIZAN.name] = ours.failed
    others = {name: score.middle(figure) for name, score in peers.items()}
    return Row(case, unit, ours.middle(figure), others, NGINX.name, at_least, at_most, failed)

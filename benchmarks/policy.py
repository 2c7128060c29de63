"""Access policies: how long one takes, from a session and an exchange to yes or no."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from tests.support.exchange import make_exchange
from tests.support.sessions import NOW, make_session

from bartizan.access.policy.attributes import attributes_of
from bartizan.access.policy.body import read_body
from bartizan.access.policy.cel import Policy
from benchmarks.report import Row

__all__ = ["policy"]

LIMIT = 5.0  # microseconds
BATCH, BATCHES = 500, 100
POLICIES = {
    "groups, aal and risk": '"finance" in principal.groups && session.aal >= 2 && risk < 40',
    "a duration and the hour": 'session.auth_age < duration("5m") && time.hour >= 0',
    "a network": 'in_cidr(request.address, "192.0.2.0/24")',
    "a header": '"x-team" in request.headers && request.headers["x-team"] == "red"',
}


def policy(directory: Path, seconds: float) -> list[Row]:  # noqa: ARG001 - as all targets
    """Measure policies with all that they look at worked out anew each time; the requirement is the reference."""
    rows = [
        Row(f"policy over {name}, median", "us", _median(text), {"limit": LIMIT}, "limit", at_most=1.0)
        for name, text in POLICIES.items()
    ]
    amount = _median("number(request.body.amount) > 1000", b'{"amount": 2000.5, "to": "x"}')
    return [
        *rows,
        Row("`when` over a JSON body, read too, median", "us", amount, {"limit": 15.0}, "limit", at_most=1.0),
    ]


def _median(text: str, body: bytes | None = None) -> float:
    """Return the median over batches of the mean of a batch, in microseconds."""
    compiled = Policy.compile(text, body=body is not None)
    session = make_session()
    exchange = make_exchange("POST", "/a", {"X-Team": "red", "Accept": "*/*", "Content-Type": "application/json"})
    times = []
    for _ in range(BATCHES):
        began = time.perf_counter()
        for _ in range(BATCH):
            value = None if body is None else read_body(exchange.request.headers, body)
            given = attributes_of(compiled.uses, session, exchange, risk=3, now=NOW, body=value)
            outcome = compiled.evaluate(given)
        times.append((time.perf_counter() - began) / BATCH * 1e6)
        if not outcome.allowed:
            raise RuntimeError(f"{text} was to be true: {outcome.reason}")
    return median(times)

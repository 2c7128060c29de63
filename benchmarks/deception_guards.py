"""What risk and deception cost an honest exchange on the edge: ``python -m benchmarks.deception_guards``.

The series of a route as a real worker has built it, with everything of issue 5 on and with nothing of it; both are run
for the same exchanges in turns, without sockets: request side, response side, and the body of a list with a canary.
The exit status is 1 if the median of what is added is over the goal.
"""

from __future__ import annotations

import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from tests.support.exchange import make_exchange
from tests.support.gateway import Gateway
from tests.support.standings import stand

from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Response
from bartizan.pipeline import Exchange, Series, TlsInfo

ROUNDS, BATCH = 60, 200
GOAL = 20.0  # microseconds
TLS = TlsInfo("TLSv1.3", "TLS_AES_128_GCM_SHA256", "api.test", "http/1.1", "t13d1516h2_8daaf6152771_e5627efa2ab1")
BROWSER = {"user-agent": "Mozilla/5.0", "accept": "application/json", "cookie": "theme=dark; sid=0123456789abcdef"}
CLIENT = {"user-agent": "client/1.0", "authorization": "Bearer " + "a" * 43, "accept": "application/json"}
FIELDS = [(b"content-type", b"application/json"), (b"server", b"shop"), (b"date", b"Thu, 26 Nov 2026 00:00:00 GMT")]
ITEM = b'{"id":17,"customer":"Amina","total":12.5}'
RUNGS = {"throttle": 30, "challenge": 60, "divert": 90, "deny": 95}
ALL: dict[str, Any] = {
    "sentry": {"enabled": True},
    "guards": {"obstacles": {name: {"at": at} for name, at in RUNGS.items()}},
    "deception": {
        "enabled": True,
        "honeytokens": {"api_keys": {"shop": "shop_live_{base62:24}"}},
        "canaries": [{"path": "/orders", "items": "items", "id": "id", "detail": "/orders/{id}"}],
        "fields": [{"path": "/customers/{id}"}],
        "divert": {"enabled": True},
    },
}


def series_of(gateway: Gateway) -> Series:
    """Return the series of the only route."""
    found = gateway.worker._gateway.snapshot.router.match(make_exchange(path="/orders/17").request)  # noqa: SLF001
    if found.payload is None:
        raise SystemExit("benchmarks.deception_guards: no route")
    return found.payload.series


def drive(work: Coroutine[Any, Any, object]) -> None:
    """Run a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise SystemExit("benchmarks.deception_guards: a guard waited")


def exchange(path: str, headers: dict[str, str]) -> Exchange:
    """Return an honest exchange."""
    return make_exchange(path=path, headers=headers, tls=TLS, client="203.0.113.9")


def spent(series: Series, path: str, headers: dict[str, str], body: bytes) -> float:
    """Return microseconds for one exchange, the mean of a batch."""
    exchanges = [exchange(path, headers) for _ in range(BATCH)]
    responses = [Response(200, Headers(FIELDS.copy()), Body.of(body), len(body)) for _ in range(BATCH)]
    gc.collect()
    begun = time.perf_counter()
    for each, response in zip(exchanges, responses, strict=True):
        drive(series.on_request(each))
        each.response = response
        if series.looks_at_responses:
            drive(series.on_response(each))
    return (time.perf_counter() - begun) / BATCH * 1e6


def measured(bare: Series, full: Series) -> list[tuple[str, float, float]]:
    """Return what each kind of exchange takes at the median: without, and what is added."""
    many = b'{"items":[' + b",".join([ITEM] * 20) + b"]}"
    kinds = (
        ("GET of one object, browser with cookies", "/orders/17", BROWSER, ITEM),
        ("GET of one object, API client with a token", "/orders/17", CLIENT, ITEM),
        ("GET of something else", "/search", BROWSER, ITEM),
        ("GET of a list of 20 that gets a canary", "/orders", BROWSER, many),
    )
    rows = []
    for name, path, headers, body in kinds:
        without, added = [], []
        for _ in range(ROUNDS):
            one, two = spent(bare, path, headers, body), spent(full, path, headers, body)
            without.append(one)
            added.append(two - one)
        rows.append((name, statistics.median(without), statistics.median(added)))
    return rows


def main() -> int:
    """Print the figures; returns the exit status."""
    upstreams = [{"name": "shop", "nodes": [{"address": "127.0.0.1:9"}]}]
    base = {"upstreams": upstreams, "routes": [{"name": "shop", "upstream": "shop"}]}
    directory = Path(tempfile.mkdtemp(prefix="bzg"))
    missed = False
    with Gateway(directory / "bare", dict(base)) as one, Gateway(directory / "full", {**base, **ALL}) as two:
        stand(two, "address:198.51.100.1", 70.0)  # somebody else has a risk
        bare, full = series_of(one), series_of(two)
        print(f"guards: {', '.join(step.guard.name for step in full.steps)}")
        for name, without, added in measured(bare, full):
            over = added > GOAL and "list" not in name
            missed = missed or over
            print(f"  {name:<45} {without:5.1f} us without, {added:5.1f} us more{' MISSED' if over else ''}")
    print(f"goal: under {GOAL:g} us median per exchange")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())

"""What it costs to know who somebody is: ``make bench-access``, ``python -m benchmarks.access``.

Medians over single calls, by the clock, in one process with LMDB: 10,000 sessions, of which each request has another
one, as browsers send it. Goals that are named are requirements; the exit status is 1 if one is missed.
"""

from __future__ import annotations

import asyncio
import gc
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import TypeVar

import msgspec
import structlog
from tests.support.exchange import make_exchange
from tests.support.proofs import TestDevice
from tests.support.sessions import make_session

from bartizan.access.assertion import Assertions
from bartizan.access.bearer import Bearer
from bartizan.access.devices.dpop import verify_proof
from bartizan.access.guard import Access, EdgeAccess
from bartizan.access.policy.attributes import attributes_of
from bartizan.access.policy.cel import Policy
from bartizan.access.presented import Presented, presented_by
from bartizan.access.sessions.facts import client_facts, facts_of
from bartizan.access.sessions.live import LiveSessions
from bartizan.access.sessions.model import Session, digest_of
from bartizan.access.sessions.standing import FINE, judge
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import Access as Settings
from bartizan.config.model import AccessGuard, Obstacles
from bartizan.config.model import State as StateSettings
from bartizan.detection.obstacles import Means, SessionRisk, Teller
from bartizan.detection.standing import Standings
from bartizan.keys.ring import Algorithm, KeyRing
from bartizan.pipeline import Exchange, TlsInfo
from bartizan.storage.state import State, open_state
from benchmarks.report import Row, write_report

__all__ = ["access"]

T = TypeVar("T")
SESSIONS, REQUESTS, WARM_UP, PROOFS = 10_000, 20_000, 2_000, 3_000
ORIGIN = "https://api.test"
POLICY = '"finance" in principal.groups && session.aal >= 2 && risk < 40'
LONG_POLICY = f"""{POLICY} && session.auth_age < duration("1h") && device.platform == "Linux"
    && request.headers["accept"].contains("json") && in_cidr(request.address, "192.0.2.0/24")"""
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
TLS = TlsInfo("TLSv1.3", "TLS_AES_128_GCM_SHA256", "api.test", "http/1.1", "t13d1516h2_8daaf6152771_e5627efa2ab1")
HEADERS = {
    "sec-ch-ua": '"Chromium";v="156", "Not.A/Brand";v="24"',
    "sec-ch-ua-mobile": "?0",
    "sec-ch-ua-platform": '"Linux"',
    "user-agent": AGENT,
    "accept": "application/json",
    "sec-fetch-site": "same-origin",
    "sec-fetch-mode": "cors",
    "sec-fetch-dest": "empty",
    "referer": "https://api.test/orders",
    "accept-encoding": "gzip, deflate, br, zstd",
    "accept-language": "en-GB,en;q=0.9",
}


class Bench:
    """Sessions in a state, and everything that looks at them."""

    def __init__(self, directory: Path, state: State) -> None:
        self.chance = random.Random(1)
        self.state = state
        self.sessions = SessionStore(state, time.time)
        self.settings = Settings.model_validate({"enabled": True, "origin": ORIGIN})
        self.assertions = {algorithm: _assertions(directory, algorithm) for algorithm in ("EdDSA", "ES256")}
        self.tokens: list[str] = []
        self.standings = Standings(state, structlog.get_logger())

    async def fill(self) -> None:
        """Begin the sessions; each is that of another person."""
        for number in range(SESSIONS):
            self.tokens.append((await self.sessions.begin(session_of(number)))[0])

    def exchange(self) -> Exchange:
        """Return a request of somebody who is logged in."""
        token = self.chance.choice(self.tokens)
        cookie = {"cookie": f"theme=dark; __Host-bartizan-session={token}"}
        return make_exchange("GET", "/orders", {**HEADERS, **cookie}, tls=TLS, now=time.time())

    def guard(self, policy: str) -> Access:
        """Return the guard of a route."""
        live = LiveSessions(self.sessions, time.time, structlog.get_logger())
        edge = EdgeAccess(
            state=self.state,
            sessions=self.sessions,
            live=live,
            bearer=Bearer(self.state, ORIGIN),
            assertions=self.assertions["EdDSA"],
            clock=time.time,
        )
        means = Means(self.state, self.standings, Teller(time.time), time.time)
        risk = SessionRisk(Obstacles(), means, self.sessions)
        return Access(AccessGuard(policy=policy), self.settings, "orders", edge, risk)


async def access(directory: Path) -> list[Row]:
    """Measure everything."""
    state = open_state(StateSettings.model_validate({"engine": "lmdb"}), directory)
    try:
        bench = Bench(directory, state)
        await bench.fill()
        return [*await _checks(bench), *await _proofs(bench), *_assertion_rows(bench), *_policies(bench)]
    finally:
        await state.close()


async def _checks(bench: Bench) -> list[Row]:
    async def check(exchange: Exchange) -> None:
        presented = presented_by(exchange.request.headers)
        found = None if presented is None else await bench.sessions.find(presented.token)
        if found is None or judge(found.session, facts_of(exchange), time.time()) is not FINE:
            raise RuntimeError("the session does not stand")

    async def pass_guard(exchange: Exchange) -> None:
        if await guard.on_request(exchange) is not None or not exchange.upstream_fields:
            raise RuntimeError("the guard does not let pass")
        for done in exchange.on_end:
            done(exchange)

    guard = bench.guard(POLICY)
    requests = [bench.exchange() for _ in range(WARM_UP + REQUESTS)]
    checked = await _median_async(check, requests)
    guarded = await _median_async(pass_guard, requests)
    again = [bench.exchange() for _ in range(WARM_UP + REQUESTS)]
    return [
        _row("(a) session check: cookie to verified session", checked, 20.0),
        _row("(b) the guard, with policy; assertion new or kept", guarded, 100.0),
        _row("(b) the guard, once assertions are kept", await _median_async(pass_guard, again), 60.0),
    ]


async def _proofs(bench: Bench) -> list[Row]:
    device, token = TestDevice(), bench.tokens[0]
    proofs = [device.proof("GET", ORIGIN + "/orders", now=time.time(), token=token) for _ in range(PROOFS)]
    session = msgspec.structs.replace(session_of(0), kind="dpop", thumbprint=device.thumbprint)
    bearer, exchange = Bearer(bench.state, ORIGIN), bench.exchange()

    def verify(proof: str) -> None:
        verify_proof([proof], method="GET", url=ORIGIN + "/orders", now=time.time(), access_token=token)

    async def verify_once(proof: str) -> None:
        await bearer.verify(exchange, Presented(token, [proof.encode()]), session, time.time())

    return [
        _row("(c) DPoP proof", _median(verify, proofs, 500), 100.0),
        _row("(c) DPoP proof, and noted as used", await _median_async(verify_once, proofs, 500), None),
    ]


def _assertion_rows(bench: Bench) -> list[Row]:
    sessions = [session_of(number) for number in range(REQUESTS)]
    rows = []
    for algorithm, assertions in bench.assertions.items():
        rows.append(_row(f"(d) assertion, fresh, {algorithm}", _median(_for(assertions), sessions), 100.0))
    used = sessions[-1000:]  # the last ones are kept
    copies = [_copy(session) for session in used * 10]
    return [*rows, _row("(d) assertion, cached", _median(_for(bench.assertions["EdDSA"]), copies), 5.0)]


def _for(assertions: Assertions) -> Callable[[Session], bytes]:
    return lambda session: assertions.for_session(session, "orders", 0)


def _policies(bench: Bench) -> list[Row]:
    rows = []
    exchange, session = bench.exchange(), session_of(1)
    for name, text in (("issue's", POLICY), ("long", LONG_POLICY)):
        policy = Policy.compile(text)

        def evaluate(now: float, policy: Policy = policy) -> None:
            if not policy.evaluate(attributes_of(policy.uses, session, exchange, risk=0, now=now)).allowed:
                raise RuntimeError("the policy does not let pass")

        rows.append(_row(f"(e) CEL policy, {name}", _median(evaluate, [time.time()] * REQUESTS), 20.0))
    return rows


def session_of(number: int) -> Session:
    """Return the session of one of many people, with all that one has."""
    now = time.time()
    return make_session(
        id=f"session-{number:07}",
        principal=f"principal-{number:07}",
        name=f"person{number}",
        display_name=f"Person {number}",
        groups=("everybody", "finance", "sales"),
        created=now,
        authenticated=now,
        seen=now,
        proved=now,
        expires=now + 7200,
        factors={"password": now, "webauthn": now},
        aal=2,
        facts=client_facts("192.0.2.7", TLS.ja4, AGENT),
        secret=digest_of(str(number)),
    )


def _copy(session: Session) -> Session:
    """Return it as the state would: no value in it is the same object."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(session), type=Session)


def _assertions(directory: Path, algorithm: Algorithm) -> Assertions:
    settings = Settings.model_validate({"enabled": True, "origin": ORIGIN, "assertion": {"algorithm": algorithm}})
    return Assertions(KeyRing.open(directory / algorithm, algorithm, time.time), settings, time.time)


def _row(case: str, figure: float, goal: float | None) -> Row:
    if goal is None:
        return Row(case, "us", figure)
    return Row(case, "us", figure, {"goal": goal}, "goal", at_most=1.0)


def _median(work: Callable[[T], object], inputs: Sequence[T], warm_up: int = WARM_UP) -> float:
    times = []
    for given in inputs:
        began = time.perf_counter()
        work(given)
        times.append(time.perf_counter() - began)
    return _middle(times[warm_up:])


async def _median_async(work: Callable[[T], Awaitable[None]], inputs: Sequence[T], warm_up: int = WARM_UP) -> float:
    times = []
    for given in inputs:
        began = time.perf_counter()
        await work(given)
        times.append(time.perf_counter() - began)
    return _middle(times[warm_up:])


def _middle(times: Iterable[float]) -> float:
    return median(times) * 1e6


def main() -> int:
    """Print the figures; returns the exit status."""
    gc.freeze()
    with tempfile.TemporaryDirectory() as directory:
        rows = asyncio.run(access(Path(directory)))
    return 0 if write_report("access", rows) else 1


if __name__ == "__main__":
    sys.exit(main())

"""What risk costs an honest exchange on the edge: ``python -m benchmarks.risk_guard``.

The guards are those of a worker, with real risks in a real state; what is measured is one call, without sockets.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import structlog
from tests.support.exchange import make_exchange
from tests.support.sessions import make_session

from bartizan.access.sessions.live import LiveSessions
from bartizan.access.sessions.model import Found
from bartizan.access.sessions.standing import Limits
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import Obstacles as Settings
from bartizan.config.model import State as StateSettings
from bartizan.detection.challenge import Challenger
from bartizan.detection.obstacles import RUNGS, Means, Obstacles, SessionRisk, Teller, behind, places_of
from bartizan.detection.standing import Standing, Standings, publish
from bartizan.keys.vault import Vault
from bartizan.pipeline import Exchange, TlsInfo
from bartizan.storage.state import State, open_state
from benchmarks.report import Row, write_report

__all__ = ["risk_guard"]

ACTORS, EXCHANGES, ROUNDS, OPEN = 100_000, 2_000, 40, 10_000
BUDGET = 20.0  # microseconds: of all guards for risk and deception together
TLS = TlsInfo("TLSv1.3", "TLS_AES_128_GCM_SHA256", "api.test", "http/1.1", "t13d1516h2_8daaf6152771_e5627efa2ab1")
LADDER = {name: {"at": 10 * number} for number, name in enumerate(RUNGS, 3)}
HEADERS = {"user-agent": "Mozilla/5.0", "accept": "*/*", "cookie": "theme=dark; a=b"}


async def risk_guard(directory: Path) -> list[Row]:
    """Measure with an empty replica and with one of 100,000 actors."""
    state = open_state(StateSettings.model_validate({"engine": "lmdb"}), directory)
    try:
        standings = Standings(state, structlog.get_logger())
        rows = _guards(state, standings, "no actor")
        await _fill(state)
        begun = time.perf_counter()
        await standings.load()
        loading = time.perf_counter() - begun
        if len(standings) != ACTORS:
            raise RuntimeError(f"{len(standings)} actors were taken in, not {ACTORS}")
        rows += _guards(state, standings, "100,000 actors")
        rows.append(Row("load of 100,000 actors, beside exchanges", "s", loading))
        rows.append(Row("risk of 10,000 open exchanges, one look", "ms", await _look(state, standings)))
        rows.append(await _propagation(state, standings))
        return rows
    finally:
        await state.close()


async def _fill(state: State) -> None:
    now = time.time()
    await publish(
        state,
        [
            Standing(f"address:10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 60.0, now, 6e5, "bench", "decoy")
            for number in range(ACTORS)
        ],
    )


def _guards(state: State, standings: Standings, known: str) -> list[Row]:
    settings = Settings.model_validate(LADDER)
    challenger = Challenger(Vault(bytes(32)), state, time.time)
    means = Means(state, standings, Teller(time.time), time.time, challenger, "bartizan-decoy")
    sessions = SessionRisk(settings, means, SessionStore(state, time.time))
    places = Obstacles(settings, places_of, means, means.rungs)
    people = Obstacles(settings, behind, means, RUNGS)

    def of_sessions(exchange: Exchange) -> None:
        if sessions.of(exchange):  # nothing more is asked then
            raise RuntimeError("an honest session has a risk")

    calls: dict[str, Callable[[Exchange], None]] = {
        "guard obstacles, addresses": lambda exchange: _drive(places, exchange),
        "guard obstacles, people": lambda exchange: _drive(people, exchange),
        "risk in the guard access": of_sessions,
    }
    limit = {"budget": BUDGET}
    return [
        Row(f"{name}, {known}, median", "us", _median(call), limit, "budget", at_most=0.1)
        for name, call in calls.items()
    ]


def _drive(guard: Obstacles, exchange: Exchange) -> None:
    try:
        guard.on_request(exchange).send(None)
    except StopIteration as done:
        if done.value is None:
            return
    raise RuntimeError("an honest exchange met an obstacle")


def _median(call: Callable[[Exchange], None]) -> float:
    """Return the median over rounds of the mean of a round, in microseconds; 500 clients, all logged in."""
    exchanges = [_exchange(number % 500) for number in range(EXCHANGES)]
    took = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for exchange in exchanges:
            call(exchange)
        took.append((time.perf_counter() - begun) / EXCHANGES * 1e6)
    return median(took)


def _exchange(number: int) -> Exchange:
    exchange = make_exchange(headers=HEADERS, client=f"192.0.{number >> 8}.{number & 255}", tls=TLS)
    exchange.session, exchange.device, exchange.principal = f"session-{number}", f"device-{number}", f"person-{number}"
    return exchange


async def _look(state: State, standings: Standings) -> float:
    store = SessionStore(state, time.time)
    live = LiveSessions(store, time.time, structlog.get_logger())
    means = Means(state, standings, Teller(time.time), time.time)
    risk = SessionRisk(Settings.model_validate(LADDER), means, store)
    now = time.time()
    session = make_session(created=now, seen=now, expires=now + 7200)
    for number in range(OPEN):
        live.watch(_exchange(number % 500), Found(b"%d" % number, session, b""), Limits(), risk)
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        await live.look()
        took.append((time.perf_counter() - begun) * 1e3)
    return median(took)


async def _propagation(state: State, standings: Standings) -> Row:
    """Measure from the publication of a risk to when another edge process knows it, polling as it does."""
    following = asyncio.create_task(standings.follow())
    took = []
    for number in range(60):
        actor = f"session:rising-{number}"
        begun = time.perf_counter()
        await publish(state, [Standing(actor, 70.0, time.time(), 6e5, "bench", "canary")])
        while not standings.score(actor, time.time()):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.001)
        took.append((time.perf_counter() - begun) * 1e3)
        await asyncio.sleep(0.0137)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    return Row(
        "from publication to the replica, longest of 60", "ms", max(took), {"limit": 1000.0}, "limit", at_most=1.0
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bartizan-bench-") as scratch:
        met = write_report("risk_guard", asyncio.run(risk_guard(Path(scratch))))
    raise SystemExit(0 if met else 1)

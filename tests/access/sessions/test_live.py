"""What is open for a session is cut when it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import structlog
from tests.support.exchange import make_exchange
from tests.support.obstacles import Risks
from tests.support.sessions import Clock, make_session

from bartizan.access.sessions.live import LiveSessions
from bartizan.access.sessions.model import Found, Session
from bartizan.access.sessions.standing import Limits
from bartizan.access.sessions.store import SessionStore
from bartizan.errors import StateError
from bartizan.pipeline import Exchange
from bartizan.storage.state.interface import State
from bartizan.storage.state.lmdb_engine import LmdbState


class Open:
    """An edge process' view of one session."""

    def __init__(self, state: State, clock: Clock) -> None:
        self.store = store = SessionStore(state, clock)
        self.risks = Risks(state, clock)
        self.live = LiveSessions(store, clock, structlog.get_logger())

    async def session(self, session: Session | None = None) -> Found:
        _, digest = await self.store.begin(session or make_session())
        found = await self.store.by_digest(digest)
        assert found is not None
        return found

    def exchange(self, found: Found, limits: Limits | None = None) -> Exchange:
        exchange = make_exchange()
        self.live.watch(exchange, found, limits or Limits())
        return exchange


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def opened(tmp_path: Path, clock: Clock) -> AsyncIterator[Open]:
    state = LmdbState(tmp_path, 2**24, clock)
    yield Open(state, clock)
    await state.close()


def over(exchange: Exchange) -> None:
    for callback in exchange.on_end:
        callback(exchange)


async def test_all_that_is_open_for_a_session_is_cut_when_it_ends(opened: Open) -> None:
    found, other = await opened.session(), await opened.session()
    streams, another = [opened.exchange(found) for _ in range(3)], opened.exchange(other)
    await opened.live.look()
    assert not any(stream.cut_for for stream in streams)
    await opened.store.end(found.digest, "revoked")
    await opened.live.look()
    assert {stream.cut_for for stream in streams} == {"session_ended"}
    assert another.cut_for is None


async def test_what_is_over_is_not_cut_any_more(opened: Open) -> None:
    found = await opened.session()
    exchange = opened.exchange(found)
    over(exchange)
    await opened.store.end(found.digest, "revoked")
    await opened.live.look()
    assert exchange.cut_for is None


async def test_a_stream_is_cut_when_its_session_runs_out(opened: Open, clock: Clock) -> None:
    exchange = opened.exchange(await opened.session())
    clock.forward(899)
    await opened.live.look()
    assert exchange.cut_for is None
    clock.forward(1.1)
    await opened.live.look()
    assert exchange.cut_for == "session_expired"


async def test_a_session_in_use_keeps_its_streams_until_its_lifetime_is_over(opened: Open, clock: Clock) -> None:
    found = await opened.session()
    exchange = opened.exchange(found)
    for _ in range(8):
        clock.forward(890)
        await opened.store.change(found.digest, lambda s: msgspec.structs.replace(s, seen=clock()))
        await opened.live.look()
        assert exchange.cut_for is None
    clock.forward(100)
    await opened.live.look()
    assert exchange.cut_for in ("session_expired", "session_ended")


async def test_a_route_with_a_shorter_lifetime_cuts_its_own_streams_only(opened: Open, clock: Clock) -> None:
    found = await opened.session()
    short, long = opened.exchange(found, Limits(lifetime=60)), opened.exchange(found)
    clock.forward(61)
    await opened.live.look()
    assert (short.cut_for, long.cut_for) == ("session_expired", None)


async def test_many_requests_of_a_session_take_no_more_room_than_one(opened: Open, clock: Clock) -> None:
    found = await opened.session()
    for _ in range(1000):
        over(opened.exchange(found))
    exchange = opened.exchange(found)
    assert opened.live.scheduled == 1
    clock.forward(901)
    await opened.live.look()
    assert exchange.cut_for == "session_expired"
    over(exchange)
    await opened.live.look()
    assert opened.live.scheduled == 0


@pytest.mark.parametrize(
    ("score", "cut", "ends"), [(20, None, False), (40, None, False), (70, "risk", True), (85, "risk", False),
                               (99, "risk", True)]
)  # fmt: skip
async def test_what_is_open_is_cut_when_the_risk_rises_without_a_new_request(
    opened: Open, score: float, cut: str | None, ends: bool
) -> None:
    rungs = {"step_up": 30, "revoke_session": 60, "deny": 80, "quarantine_device": 95}
    risk = opened.risks.of_sessions({name: {"at": at} for name, at in rungs.items()})
    found, exchange = await opened.session(), make_exchange()
    exchange.session, exchange.device, exchange.principal = "session-1", "device-1", "alice"
    opened.live.watch(exchange, found, Limits(), risk)
    await opened.live.look()
    assert exchange.cut_for is None
    await opened.risks.rise("session:session-1", score)
    for _ in range(2):
        await opened.live.look()
    assert exchange.cut_for == cut
    assert (await opened.store.by_digest(found.digest) is None) is ends
    assert len(exchange.signals) == (0 if cut is None else 1)


async def test_what_is_open_is_cut_also_if_its_session_cannot_be_revoked_now(opened: Open) -> None:
    risk = opened.risks.of_sessions({"revoke_session": {"at": 60}})
    exchanges = [make_exchange() for _ in range(3)]
    for exchange in exchanges:
        exchange.session, exchange.device, exchange.principal = "session-1", "device-1", "alice"
        opened.live.watch(exchange, await opened.session(), Limits(), risk)
    await opened.risks.rise("session:session-1", 70)
    await opened.risks.state.close()
    with pytest.raises(StateError):
        await opened.live.look()
    assert [exchange.cut_for for exchange in exchanges] == ["risk"] * 3

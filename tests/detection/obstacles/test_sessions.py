"""What rising risk demands of sessions, and how they are ended so that they can come back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.support.exchange import make_exchange
from tests.support.obstacles import Risks
from tests.support.sessions import Clock, make_session

from bartizan.access.notices import notices
from bartizan.access.risk import Demand
from bartizan.access.sessions.model import Found
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import Obstacles
from bartizan.detection.decisions import decisions
from bartizan.detection.obstacles.sessions import SessionRisk
from bartizan.pipeline import Client, Divert, Exchange

LADDER: dict[str, Any] = {
    "step_up": {"at": 30}, "revoke_session": {"at": 60}, "deny": {"at": 80}, "quarantine_device": {"at": 95}
}  # fmt: skip


def exchange_of(session: str = "session-1") -> Exchange:
    exchange = make_exchange()
    exchange.session, exchange.device, exchange.principal = session, "device-1", "alice"
    return exchange


def demanded(risk: SessionRisk, exchange: Exchange | None = None) -> str | None:
    demand = risk.demand(exchange or exchange_of())
    return None if demand is None else demand.what


async def begin(risks: Risks) -> Found:
    store = SessionStore(risks.state, risks.clock)
    _, digest = await store.begin(make_session())
    found = await store.by_digest(digest)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("score", "what"),
    [(29, None), (30, "step_up"), (60, "revoke_session"), (80, "cut"), (95, "quarantine_device")],
)
async def test_the_gravest_rung_for_a_session_is_demanded(risks: Risks, score: float, what: str | None) -> None:
    await risks.rise("session:session-1", score)
    assert demanded(risks.of_sessions(LADDER)) == what
    assert demanded(risks.of_sessions(LADDER), exchange_of("another")) is None


async def test_the_risk_of_an_exchange_is_the_highest_of_its_actors(risks: Risks) -> None:
    made = risks.of_sessions()
    assert made.of(exchange_of()) == 0
    await risks.rise("device:device-1", 12)
    await risks.rise("network:192.0.2.0/24", 31.4)
    assert (made.of(exchange_of()), made.of(make_exchange(client="198.51.100.1"))) == (31, 0)


async def test_where_somebody_comes_from_can_ask_for_a_step_up_and_ends_no_session(risks: Risks) -> None:
    made = risks.of_sessions({"step_up": {"at": 30}, "revoke_session": {"at": 60}})
    await risks.rise("address:192.0.2.7", 90)
    demand = made.demand(exchange_of())
    assert demand is not None
    assert (demand.what, demand.actor) == ("step_up", "address:192.0.2.7")
    assert demand.because == "risk 90 of address 192.0.2.7: decoy /.env touched"
    assert demand.remedy.startswith("bartizan pardon address:192.0.2.7 ")
    assert demanded(risks.of_sessions(LADDER)) is None, "it is denied, not asked"


async def test_clients_of_the_allowlist_are_not_asked_for_their_address(risks: Risks, clock: Clock) -> None:
    def spares(client: Client) -> bool:
        return client.address == "192.0.2.7"

    made = SessionRisk(Obstacles.model_validate(LADDER), risks.means, SessionStore(risks.state, clock), spares)
    await risks.rise("address:192.0.2.7", 40)
    assert demanded(made) is None
    await risks.rise("session:session-1", 40)
    assert demanded(made) == "step_up"


async def test_the_risk_of_a_name_alone_quarantines_no_device(risks: Risks) -> None:
    await risks.rise("principal:alice", 99)
    assert demanded(risks.of_sessions(LADDER)) == "cut"
    await risks.rise("device:device-1", 94)
    assert demanded(risks.of_sessions(LADDER)) == "cut"
    await risks.rise("device:device-1", 96)
    assert demanded(risks.of_sessions(LADDER)) == "quarantine_device"


async def test_who_is_diverted_must_not_notice_but_loses_the_session_all_the_same(risks: Risks) -> None:
    exchange = exchange_of()
    exchange.diverted = Divert("bartizan-decoy")
    await risks.rise("session:session-1", 40)
    assert demanded(risks.of_sessions(LADDER), exchange) is None
    await risks.rise("session:session-1", 70)
    assert demanded(risks.of_sessions(LADDER), exchange) == "revoke_session"


@pytest.mark.parametrize(
    ("actor", "score", "rung"),
    [
        ("session:session-1", 40, "step_up"),
        ("session:session-1", 70, "revoke_session"),
        ("device:device-1", 99, "quarantine_device"),
        ("address:192.0.2.7", 40, "step_up"),
    ],
)
async def test_in_shadow_mode_nothing_is_demanded_but_it_is_told(
    risks: Risks, actor: str, score: float, rung: str
) -> None:
    exchange = exchange_of()
    made = risks.of_sessions({**LADDER, "shadow": True})
    await risks.rise(actor, score)
    assert [made.demand(exchange) for _ in range(3)] == [None] * 3
    assert [(signal.name, signal.evidence["rung"]) for signal in exchange.signals] == [("obstacle.shadow", rung)]


async def test_a_revoked_session_is_over_decided_once_and_kept_aside(risks: Risks) -> None:
    made, found, store = risks.of_sessions(LADDER), await begin(risks), SessionStore(risks.state, risks.clock)
    await risks.rise("session:session-1", 70)
    exchange = exchange_of()
    demand = made.demand(exchange)
    assert demand is not None
    await asyncio.gather(*(made.carry_out(exchange, found, demand) for _ in range(4)))
    assert await store.by_digest(found.digest) is None
    ((_, decision),) = await decisions(risks.state, None)
    assert decision is not None
    assert (decision.what, decision.session, decision.digest) == ("revoke_session", "session-1", found.digest)
    assert decision.actors == ("session:session-1", "device:device-1", "principal:alice")
    assert (decision.risk, decision.because) == (70, "risk 70 of session session-1: decoy /.env touched")
    assert [signal.name for signal in exchange.signals] == ["obstacle.revoke_session"]
    assert await notices(risks.state, None) == []
    assert await store.restore(found.digest) == found.session


async def test_a_quarantine_is_asked_for_and_names_whose_risk_led_to_it_first(risks: Risks) -> None:
    made, found = risks.of_sessions(LADDER), await begin(risks)
    await risks.rise("device:device-1", 99)
    demand = made.demand(exchange_of())
    assert demand is not None
    await made.carry_out(exchange_of(), found, demand)
    ((_, notice),) = await notices(risks.state, None)
    assert notice is not None
    assert (notice.what, notice.device, notice.session) == ("quarantine", "device-1", "session-1")
    ((_, decision),) = await decisions(risks.state, None)
    assert decision is not None
    assert decision.what == "quarantine_device"
    assert decision.actors == ("device:device-1", "session:session-1", "principal:alice")


@pytest.mark.parametrize("what", ["step_up", "cut"])
async def test_what_ends_no_session_is_no_decision(risks: Risks, what: Any) -> None:
    made, found = risks.of_sessions(LADDER), await begin(risks)
    await made.carry_out(exchange_of(), found, Demand(what, "session:session-1", 40, "why", "remedy"))
    assert await SessionStore(risks.state, risks.clock).by_digest(found.digest) == found
    assert await decisions(risks.state, None) == []


@pytest.mark.parametrize(
    ("actor", "score", "what"),
    [
        ("session:session-1", 40, None), ("session:session-1", 70, "revoke_session"), ("device:device-1", 85, "cut"),
        ("device:device-1", 99, "quarantine_device"), ("address:192.0.2.7", 99, None), ("session:other", 99, None),
    ],
)  # fmt: skip
async def test_what_is_open_ends_by_the_risk_of_people_alone(
    risks: Risks, actor: str, score: float, what: str | None
) -> None:
    made = risks.of_sessions(LADDER)
    assert made.overdue(exchange_of()) is None
    await risks.rise(actor, score)
    demand = made.overdue(exchange_of())
    assert (None if demand is None else demand.what) == what

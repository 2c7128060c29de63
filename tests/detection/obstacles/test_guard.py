"""The guard ``obstacles`` with real risks, a real state and real challenges."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.challenge import answer_to, with_pass
from tests.support.exchange import make_exchange
from tests.support.obstacles import HALF_LIFE, Risks
from tests.support.sessions import Clock

from bartizan.config.model import Obstacles as Settings
from bartizan.detection.challenge import Challenger
from bartizan.detection.obstacles.guard import Obstacles
from bartizan.detection.obstacles.keys import behind, places_of
from bartizan.detection.obstacles.ladder import RUNGS
from bartizan.keys.vault import Vault
from bartizan.pipeline import Challenge, Deny, Divert, Exchange, Series, Step, Throttle, TlsInfo, Verdict

ADDRESS = "address:192.0.2.7"
DECOY = "bartizan-decoy"
LADDER: dict[str, Any] = {
    "throttle": {"at": 20, "rate": "2/m"}, "challenge": {"at": 40}, "divert": {"at": 60}, "deny": {"at": 80}
}  # fmt: skip


@pytest.fixture
def challenger(risks: Risks, tmp_path: Path, clock: Clock) -> Challenger:
    return Challenger(Vault.open(tmp_path / "keys"), risks.state, clock)


def guard(risks: Risks, settings: dict[str, Any] | None = None, **more: Any) -> Obstacles:
    """Return the guard for addresses, or for ``people``; with a ``challenger`` and a ``decoy`` if given."""
    people = more.pop("people", False)
    spares = more.pop("spares", None)
    means = replace(risks.means, **more)
    wanted = Settings.model_validate(LADDER if settings is None else settings)
    if people:
        return Obstacles(wanted, behind, means, RUNGS, spares)
    return Obstacles(wanted, places_of, means, means.rungs, spares)


async def ask(guard: Obstacles, exchange: Exchange | None = None) -> Verdict | None:
    return await Series((Step(guard),)).on_request(exchange or make_exchange())


async def test_nobody_meets_an_obstacle_without_a_risk(risks: Risks) -> None:
    assert await ask(guard(risks)) is None
    await risks.rise("address:192.0.2.8", 100)
    assert await ask(guard(risks)) is None
    await risks.rise(ADDRESS, 19.9)
    assert await ask(guard(risks)) is None


async def test_from_its_risk_on_an_actor_is_throttled_and_nobody_else(risks: Risks, clock: Clock) -> None:
    await risks.rise(ADDRESS, 30)
    made = guard(risks)
    assert [await ask(made) for _ in range(2)] == [None, None]
    exchange = make_exchange()
    verdict = await ask(made, exchange)
    assert isinstance(verdict, Throttle)
    assert verdict.retry_after == pytest.approx(30)
    assert verdict.because == "risk 30 of address 192.0.2.7: decoy /.env touched"
    assert verdict.remedy == "bartizan pardon address:192.0.2.7 --because …"
    assert [signal.name for signal in exchange.signals] == ["obstacle.throttle"]
    assert await ask(made, make_exchange(client="192.0.2.8")) is None
    clock.forward(31)
    assert await ask(made) is None


async def test_who_is_challenged_goes_on_once_the_work_is_done_if_slowly(risks: Risks, challenger: Challenger) -> None:
    await risks.rise(ADDRESS, 50)
    made = guard(risks, challenger=challenger)
    exchange = make_exchange()
    verdict = await ask(made, exchange)
    assert isinstance(verdict, Challenge)
    assert verdict.because.startswith("risk 50 of address")
    cookie = await challenger.redeem(exchange, answer_to(verdict))
    assert isinstance(cookie, bytes)
    solved = cookie.decode().partition(";")[0]
    again = [await ask(made, make_exchange(headers={"cookie": solved})) for _ in range(3)]
    assert [type(verdict) for verdict in again] == [type(None), type(None), Throttle], "the milder rung is left"
    await risks.rise(ADDRESS, 59)
    assert not isinstance(await ask(made, with_pass(challenger, solved)), Challenge)
    await risks.rise(ADDRESS, 80)
    assert isinstance(await ask(made, with_pass(challenger, solved)), Deny)


async def test_who_is_diverted_is_sent_to_the_decoy_without_meeting_anything_else(
    risks: Risks, challenger: Challenger
) -> None:
    await risks.rise(ADDRESS, 70)
    made = guard(risks, challenger=challenger, decoy=DECOY)
    for _ in range(4):
        verdict = await ask(made)
        assert isinstance(verdict, Divert)
        assert (verdict.upstream, verdict.actor, verdict.risk) == (DECOY, ADDRESS, 70)


async def test_without_a_decoy_and_a_challenger_these_rungs_are_not_there(risks: Risks) -> None:
    await risks.rise(ADDRESS, 70)
    assert [type(await ask(guard(risks))) for _ in range(3)] == [type(None), type(None), Throttle]


async def test_the_gravest_rung_decides_and_risk_that_fades_leads_down_again(risks: Risks, clock: Clock) -> None:
    await risks.rise(ADDRESS, 90)
    made = guard(risks, decoy=DECOY)
    verdict = await ask(made)
    assert isinstance(verdict, Deny)
    assert verdict.status == 403
    clock.forward(HALF_LIFE / 2)  # 64
    assert isinstance(await ask(made), Divert)
    clock.forward(3 * HALF_LIFE)
    assert await ask(made) is None


@pytest.mark.parametrize("actor", ["network:192.0.2.0/24", "ja4:t13d"])
async def test_any_of_the_actors_can_be_the_risky_one(risks: Risks, actor: str) -> None:
    await risks.rise(actor, 90)
    exchange = make_exchange(tls=TlsInfo("TLSv1.3", "x", ja4="t13d"))
    verdict = await ask(guard(risks), exchange)
    assert isinstance(verdict, Deny)
    assert actor.replace(":", " ") in verdict.because


@pytest.mark.parametrize("settings", [{**LADDER, "shadow": True}, {"deny": {"at": 80, "shadow": True}}])
async def test_in_shadow_mode_nothing_happens_but_a_signal(risks: Risks, settings: dict[str, Any]) -> None:
    await risks.rise(ADDRESS, 90)
    made = guard(risks, settings, decoy=DECOY)
    exchanges = [make_exchange() for _ in range(5)]
    assert [await ask(made, exchange) for exchange in exchanges] == [None] * 5
    (signal,) = [signal for exchange in exchanges for signal in exchange.signals]
    assert (signal.name, signal.severity, signal.evidence["rung"]) == ("obstacle.shadow", 0, "deny")


async def test_clients_of_the_allowlist_meet_nothing(risks: Risks) -> None:
    await risks.rise(ADDRESS, 90)
    made = guard(risks, spares=lambda client: client.address == "192.0.2.7")
    assert await ask(made) is None
    await risks.rise("network:192.0.2.0/24", 90)
    assert isinstance(await ask(made, make_exchange(client="192.0.2.8")), Deny)


async def test_people_meet_the_same_rungs_and_not_those_that_access_carries_out(risks: Risks) -> None:
    made = guard(risks, {**LADDER, "step_up": {"at": 50}, "revoke_session": {"at": 70}}, people=True, decoy=DECOY)
    exchange = make_exchange()
    exchange.session, exchange.device, exchange.principal = "s", "d", "alice"
    await risks.rise("device:d", 75)
    assert isinstance(await ask(made, exchange), Divert)
    await risks.rise("device:d", 85)
    assert isinstance(await ask(made, exchange), Deny)
    assert await ask(made, make_exchange()) is None
    await risks.rise("credential:digest", 85)
    stranger = make_exchange()
    stranger.credential = "digest"
    assert isinstance(await ask(made, stranger), Deny), "nobody has to be logged in for that"


async def test_who_is_diverted_already_meets_nothing_milder_behind_it(risks: Risks) -> None:
    made = guard(risks, people=True, decoy=DECOY)
    exchange = make_exchange()
    exchange.session, exchange.device, exchange.principal = "s", "d", "alice"
    exchange.diverted = first = Divert(DECOY, actor=ADDRESS)
    await risks.rise("session:s", 30)
    for _ in range(4):
        assert await made.on_request(exchange) is None
    await risks.rise("session:s", 85)
    assert isinstance(await made.on_request(exchange), Deny)
    assert exchange.diverted is first


def test_a_guard_without_rungs_of_its_own_puts_nothing_in_the_way(risks: Risks) -> None:
    assert not guard(risks, {}).puts_any
    assert not guard(risks, {"step_up": {"at": 30}, "divert": {"at": 40}}, people=True).puts_any
    assert guard(risks, {"deny": {"at": 30, "shadow": True}}).puts_any

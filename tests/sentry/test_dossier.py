from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.support.journals import Journaled, configured, honeytoken, read_by_sentry, records_of

from bartizan.config.model import Config
from bartizan.detection.decisions import Decision
from bartizan.detection.standing import Standing
from bartizan.pipeline import Signal
from bartizan.sentry.dossier import Dossier, dossier_of, highest_of
from bartizan.sentry.keeping import DECISIONS
from bartizan.sentry.store import Store
from bartizan.sentry.undoing import MadeDecision
from bartizan.sentry.view import View

NOW = 1_900_000_000.0  # later than now, so that nothing is forgotten for its age
RUNGS = ("throttle", "challenge", "step_up", "divert", "revoke_session", "deny", "quarantine_device")


def with_obstacles(directory: Path, **rungs: object) -> Config:
    told = configured(directory).model_dump(mode="json")
    told["guards"]["obstacles"] = rungs
    return Config.model_validate(told)


def told_elsewhere(key: str, score: float, config: Config) -> Dossier:
    return dossier_of(key, None, [Standing(key, score, NOW, 3600.0, "other", "waf.match")], config, NOW)


async def test_the_parts_of_a_dossier_add_up_and_say_what_they_are_signs_of(tmp_path: Path) -> None:
    journal = Journaled(tmp_path)
    scan = records_of(Signal("decoy.touched", 60, evidence={"decoy": ".env", "place": "/"}), session="s1", now=NOW)
    token = records_of(honeytoken(), session="s1", now=NOW + 10)
    journal.write([*scan, *token])
    await journal.close()
    config = configured(tmp_path)
    await read_by_sentry(config)
    with View.of(config) as view:
        dossier = dossier_of("session:s1", view, [], config, NOW + 20)
        network = dossier_of("network:192.0.2.0/24", view, [], config, NOW + 20)
    assert dossier.chain is not None
    points = sum(part.points for part in dossier.contributions) + dossier.chain.points
    assert points == pytest.approx(dossier.score)
    assert [each.stage for each in dossier.chain.stages] == ["reconnaissance", "access"]
    first, second = dossier.contributions
    assert (first.signal, first.owasp, first.stage) == ("honeytoken.used", "API2:2023", "access")
    assert first.exchange == token[0].metadata.uid
    assert second.technique is not None
    assert (second.technique.id, second.technique.name) == (
        "T1595.003",
        "Active Scanning: Wordlist Scanning",
    )
    assert dossier.half_life is not None
    assert 3600 < dossier.half_life < 30 * 86400
    assert {case.decoy for case in dossier.cases} == {".env", "key-1"}
    assert 0 < network.score < dossier.score


async def test_what_finds_a_session_is_in_no_dossier(tmp_path: Path) -> None:
    config = configured(tmp_path)
    await read_by_sentry(config)
    decision = Decision("one", NOW, "revoke_session", "s1", b"digest", "d1", "ada", ("session:s1",), 90.0, "because")
    store = Store(tmp_path)
    made = msgspec.msgpack.encode(MadeDecision(decision, "pardon-1"))
    store.write(store.kept(), {DECISIONS: {"one": made}})
    store.close()
    with View.of(config) as view:
        dossier = dossier_of("session:s1", view, [], config, NOW)
    (taken,) = dossier.decisions
    assert (taken.id, taken.session, taken.undone_by) == ("one", "s1", "pardon-1")
    assert "digest" not in msgspec.json.decode(msgspec.json.encode(dossier))["decisions"][0]
    assert (dossier.score, dossier.half_life, dossier.obstacle) == (0.0, None, None)


async def test_edges_go_by_the_highest_that_any_sentry_has_told(tmp_path: Path) -> None:
    config = with_obstacles(tmp_path, deny={"at": 60})
    await read_by_sentry(config)
    with View.of(config) as view:
        own = Standing("session:s1", 90.0, NOW, 3600.0, view.source, "it is its own")
        other = Standing("session:s1", 70.0, NOW, 3600.0, "other", "waf.match")
        gone = Standing("session:s1", 1.0, NOW - 86400, 3600.0, "third", "waf.match")
        dossier = dossier_of("session:s1", view, [own, other, gone], config, NOW)
    assert [(each.source, each.score) for each in dossier.told] == [("other", 70.0)]
    assert dossier.score == 0.0
    assert dossier.obstacle is not None
    assert (dossier.obstacle.rung, dossier.obstacle.risk) == ("deny", 70.0)


@pytest.mark.parametrize(
    ("key", "score", "rung"),
    [
        ("address:192.0.2.7", 15, None),
        ("address:192.0.2.7", 99, "deny"),
        ("address:192.0.2.7", 55, "step_up"),
        ("network:192.0.2.0/24", 45, "step_up"),
        ("asn:64496", 99, None),
        ("session:s1", 99, "quarantine_device"),
        ("principal:ada", 99, "deny"),
        ("principal:ada", 65, "revoke_session"),
        ("credential:key-1", 55, "challenge"),
    ],
)
def test_an_actor_meets_what_its_kind_can_meet(tmp_path: Path, key: str, score: int, rung: str | None) -> None:
    config = with_obstacles(tmp_path, **{name: {"at": 20 + 10 * number} for number, name in enumerate(RUNGS)})
    obstacle = told_elsewhere(key, score, config).obstacle
    assert (None if obstacle is None else obstacle.rung) == rung


def test_what_is_only_logged_is_told_apart(tmp_path: Path) -> None:
    config = with_obstacles(tmp_path, throttle={"at": 20}, deny={"at": 60, "shadow": True})
    obstacle = told_elsewhere("address:192.0.2.7", 70, config).obstacle
    assert obstacle is not None
    assert (obstacle.rung, obstacle.at, obstacle.shadow, obstacle.shadow_at) == ("throttle", 20, "deny", 60)


def test_the_highest_of_each_actor_comes_first() -> None:
    found = highest_of(
        [
            Standing("address:192.0.2.7", 30.0, NOW, 1e6, "one", ""),
            Standing("address:192.0.2.8", 40.0, NOW, 1e6, "one", ""),
            Standing("address:192.0.2.7", 50.0, NOW, 1e6, "two", ""),
            Standing("address:192.0.2.9", 50.0, NOW - 86400, 3600.0, "two", ""),
        ],
        NOW,
    )
    assert [(each.actor, each.source) for each in found] == [("address:192.0.2.7", "two"), ("address:192.0.2.8", "one")]

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.support.journals import Journaled, configured, file_for, honeytoken, read_by_sentry, records_of

from bartizan.cli.main import cli
from bartizan.detection.standing import Standing, publish
from bartizan.pipeline import Signal
from bartizan.storage.state import open_state


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "bartizan.yaml"
    told = json.loads(file_for(tmp_path))
    file.write_text(json.dumps({**told, "guards": {"obstacles": {"throttle": {"at": 30}, "deny": {"at": 60}}}}))
    return file


async def run(config: Path, *arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, cli, [*arguments, "-c", str(config)], catch_exceptions=False)


async def attacked(directory: Path) -> None:
    journal, now = Journaled(directory), time.time() - 200
    journal.write(records_of(honeytoken(), honeytoken(), session="s1", now=now))
    journal.write(records_of(Signal("waf.match", 40), session="s1", now=now))
    await journal.close()
    await read_by_sentry(configured(directory))


async def published(directory: Path, *standings: Standing) -> None:
    state = open_state(configured(directory).storage.state, directory)
    await publish(state, standings)
    await state.close()


async def test_a_risk_is_shown_in_its_parts_with_what_follows_and_what_to_do(config: Path, tmp_path: Path) -> None:
    await attacked(tmp_path)
    shown = (await run(config, "risk", "show", "192.0.2.7")).output
    assert shown.startswith("address:192.0.2.7 has a risk of 9")
    assert " of 100; half of it is gone in " in shown
    assert "by the defaults it is refused (403): deny, from 60 on\n" in shown
    assert "  honeytoken.used 2 times, last 3 min ago\n" in shown
    assert "found by honeytokens: severity 95 of 100, 100% sure\n" in shown
    assert "T1078 Valid Accounts, OWASP API2:2023, stage access\n" in shown
    assert "  waf.match once, last " in shown
    assert "  honeytoken.used key-1 (repository), 2 times, since " in shown
    assert "\n  bartizan journal find " in shown
    assert "\n  bartizan decoy study" not in shown
    assert shown.endswith("\n  bartizan pardon address:192.0.2.7 --because …    if that was no attack\n")
    told = json.loads((await run(config, "risk", "show", "session:s1", "--json")).output)
    parts = [each["points"] for each in told["contributions"]]
    chained = 0.0 if told["chain"] is None else told["chain"]["points"]
    assert sum(parts) + chained == pytest.approx(told["score"])
    assert [case["decoy"] for case in told["cases"]] == ["key-1"]


async def test_who_has_no_risk_is_told_so(config: Path, tmp_path: Path) -> None:
    await attacked(tmp_path)
    assert (await run(config, "risk", "show", "principal:ada")).output == "principal:ada has no risk\n"


async def test_without_a_sentry_here_those_of_others_are_shown(config: Path, tmp_path: Path) -> None:
    await published(tmp_path, Standing("address:192.0.2.7", 70.0, time.time(), 7200.0, "one", "waf.match 3 times\x1b"))
    shown = (await run(config, "risk", "show", "192.0.2.7")).output.splitlines()
    assert shown[0] == "address:192.0.2.7 has a risk of 70 of 100; half of it is gone in 2 h"
    assert shown[2] == "this machine has no sentry: this is what those of others have told"
    replaced = "\N{REPLACEMENT CHARACTER}"
    assert shown[3] == f"  70.0  told by sentry one, half-life 2 h: waf.match 3 times{replaced}"
    told = json.loads((await run(config, "risk", "show", "192.0.2.7", "--json")).output)
    assert (told["known_from"], told["obstacle"]["rung"], told["contributions"]) == ("state", "deny", [])


async def test_the_riskiest_are_listed_first(config: Path, tmp_path: Path) -> None:
    assert (await run(config, "risk", "list")).output == "nobody has a risk\n"
    now = time.time()
    await published(
        tmp_path,
        Standing("address:192.0.2.7", 30.0, now, 1e6, "one", "path.scan"),
        Standing("address:192.0.2.8", 80.0, now, 1e6, "one", "honeytoken.used\x1b"),
        Standing("address:192.0.2.7", 50.0, now, 1e6, "two", "waf.match 3 times"),
    )
    listed = (await run(config, "risk", "list")).output.splitlines()
    assert [line.split() for line in listed] == [
        ["80", "address:192.0.2.8", "honeytoken.used\N{REPLACEMENT CHARACTER}"],
        ["50", "address:192.0.2.7", "waf.match", "3", "times"],
    ]
    assert (await run(config, "risk", "list", "-n", "1")).output.endswith("\nand 1 more; -n shows them\n")
    (first,) = json.loads((await run(config, "risk", "list", "-n", "1", "--json")).output)
    assert (first["actor"], round(first["score"]), first["half_life"]) == ("address:192.0.2.8", 80, 1e6)


async def test_the_status_tells_what_was_read_and_how_far_it_is_behind(config: Path, tmp_path: Path) -> None:
    await attacked(tmp_path)
    told = (await run(config, "risk", "status")).output.splitlines()
    assert told[0] == "the sentry does not run: risks fade, and no new ones are told"
    assert told[1] == "read: 5 records (2 exchanges, 3 findings), 3 signals against somebody"
    assert told[2] == "knows: 5 actors, 1 cases"
    assert told[3] == "behind: 0 bytes, 0.0 s, in 1 journal segments"
    told = json.loads((await run(config, "risk", "status", "--json")).output)
    assert (told["records"], told["behind_bytes"], told["behind_seconds"]) == (5, 0, 0.0)
    assert (told["running"], told["cases"]) == (False, 1)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("risk", "show", "nobody"), "not an actor: 'nobody'; write KIND:VALUE"),
        (("risk", "status"), "the sentry has kept nothing yet"),
        (("cases",), "the sentry has kept nothing yet"),
    ],
)
def test_what_cannot_be_shown_is_told(config: Path, arguments: tuple[str, ...], problem: str) -> None:
    result = CliRunner().invoke(cli, [*arguments, "-c", str(config)])
    assert result.exit_code == 1
    assert problem in result.stderr + str(result.exception)

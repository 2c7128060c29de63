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
    file.write_text(file_for(tmp_path))
    return file


async def run(config: Path, *arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, cli, [*arguments, "-c", str(config)], catch_exceptions=False)


async def attacked(directory: Path) -> None:
    journal, now = Journaled(directory), time.time() - 200
    journal.write(records_of(honeytoken(), honeytoken(), session="s1", now=now))
    journal.write(records_of(Signal("waf.match", 40), session="s1", now=now))
    await journal.close()
    await read_by_sentry(configured(directory))


async def test_a_risk_is_shown_in_its_parts_with_its_cases(config: Path, tmp_path: Path) -> None:
    await attacked(tmp_path)
    shown = (await run(config, "risk", "show", "192.0.2.7")).output.splitlines()
    assert shown[0].startswith("address:192.0.2.7 has a risk of 9")
    assert "honeytoken.used 2 times, last 3 min ago, found by honeytokens (severity 95, confidence 1.00)" in shown[1]
    assert any("waf.match once" in line for line in shown)
    assert shown[-1].startswith("case ")
    assert "honeytoken.used key-1, 2 times, since " in shown[-1]
    told = json.loads((await run(config, "risk", "show", "session:s1", "--json")).output)
    parts = [each["points"] for each in told["explanation"]["contributions"]]
    assert sum(parts) == pytest.approx(told["explanation"]["score"])
    assert [case["decoy"] for case in told["cases"]] == ["key-1"]


async def test_the_riskiest_are_listed_first(config: Path, tmp_path: Path) -> None:
    assert (await run(config, "risk", "list")).output == "nobody has a risk\n"
    state = open_state(configured(tmp_path).storage.state, tmp_path)
    now = time.time()
    await publish(
        state,
        [
            Standing("address:192.0.2.7", 30.0, now, 1e6, "one", "path.scan"),
            Standing("address:192.0.2.8", 80.0, now, 1e6, "one", "honeytoken.used\x1b"),
            Standing("address:192.0.2.7", 50.0, now, 1e6, "two", "waf.match 3 times"),
        ],
    )
    await state.close()
    listed = (await run(config, "risk", "list")).output.splitlines()
    assert [line.split() for line in listed] == [
        ["80", "address:192.0.2.8", "honeytoken.used\N{REPLACEMENT CHARACTER}"],
        ["50", "address:192.0.2.7", "waf.match", "3", "times"],
    ]
    (first,) = json.loads((await run(config, "risk", "list", "--limit", "1", "--json")).output)
    assert (first["actor"], round(first["risk"])) == ("address:192.0.2.8", 80)


async def test_the_status_tells_what_was_read_and_how_far_it_is_behind(config: Path, tmp_path: Path) -> None:
    await attacked(tmp_path)
    told = (await run(config, "risk", "status")).output.splitlines()
    assert told[0] == "the sentry does not run: risks fade, and no new ones are told"
    assert told[1] == "read: 5 records (2 exchanges, 3 findings), 3 signals against somebody, 1 cases"
    assert told[2] == "behind: 0 bytes in 1 journal segments"
    told = json.loads((await run(config, "risk", "status", "--json")).output)
    assert (told["records"], told["behind_bytes"], told["running"]) == (5, 0, False)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("risk", "show", "nobody"), "not an actor: 'nobody'; write KIND:VALUE"),
        (("risk", "show", "192.0.2.7"), "the sentry has kept nothing yet"),
        (("risk", "status"), "the sentry has kept nothing yet"),
        (("cases",), "the sentry has kept nothing yet"),
    ],
)
def test_what_cannot_be_shown_is_told(config: Path, arguments: tuple[str, ...], problem: str) -> None:
    result = CliRunner().invoke(cli, [*arguments, "-c", str(config)])
    assert result.exit_code == 1
    assert problem in result.stderr + str(result.exception)

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.support.bartizan import Bartizan
from tests.support.net import RawClient, wait_until
from tests.support.upstream import Upstream

from bartizan.cli.main import cli
from bartizan.perimeter.denylist import BanList
from bartizan.storage.state.lmdb_engine import LmdbState

MAP_SIZE = 2**24


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "bartizan.yaml"
    storage = {"directory": "data", "state": {"map_size": MAP_SIZE}}
    file.write_text(json.dumps({"listeners": [{"name": "main", "address": "127.0.0.1:0"}], "storage": storage}))
    return file


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "-c", str(config)])


def test_a_ban_is_made_listed_and_lifted(config: Path) -> None:
    made = run(config, "ban", "2001:DB8::/48", "--for", "1h", "--reason", "probing")
    assert (made.exit_code, made.output) == (0, "2001:db8::/48 is banned for 3600 s more\n")
    listed = run(config, "bans")
    assert listed.exit_code == 0
    assert listed.output.startswith("2001:db8::/48 ")
    assert listed.output.endswith(": probing\n")
    (ban,) = json.loads(run(config, "bans", "--json").output)
    assert (ban["network"], ban["reason"]) == ("2001:db8::/48", "probing")
    assert ban["expires"] - ban["made_at"] == pytest.approx(3600)
    lifted = run(config, "unban", "2001:db8::/48")
    assert (lifted.exit_code, lifted.output) == (0, "2001:db8::/48 is not banned any more\n")
    assert run(config, "bans").output == "nobody is banned\n"
    assert json.loads(run(config, "bans", "--json").output) == []


def test_without_a_time_a_ban_stays_until_it_is_lifted(config: Path) -> None:
    assert run(config, "ban", "192.0.2.7").output == "192.0.2.7/32 is banned until it is lifted\n"
    assert run(config, "unban", "192.0.2.7").exit_code == 0


def test_what_is_not_banned_cannot_be_lifted(config: Path) -> None:
    run(config, "ban", "192.0.2.0/24")
    failed = run(config, "unban", "192.0.2.7")
    assert failed.exit_code == 1
    assert "192.0.2.7/32 is not banned; `bartizan bans` lists what is" in failed.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ban", "nobody"), "'nobody': not an address or network; write 192.0.2.7"),
        (("unban", "nobody"), "'nobody': not an address or network"),
        (("ban", "192.0.2.7/24"), "the network would be 192.0.2.0/24"),
        (("ban", "192.0.2.7", "--for", "soon"), "'soon' is not a duration"),
        (("ban", "192.0.2.7", "--for", "0s"), "'0s' is no time at all"),
    ],
)
def test_what_cannot_be_meant_is_told(config: Path, arguments: tuple[str, ...], message: str) -> None:
    failed = run(config, *arguments)
    assert failed.exit_code == 1
    assert message in failed.stderr
    assert not (config.parent / "data").exists()


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "127.0.0.1", "127.0.0.0/16", "64.0.0.0/2", "::1", "::/64"])
def test_nobody_locks_everybody_or_this_machine_out_by_mistake(config: Path, network: str) -> None:
    failed = run(config, "ban", network)
    assert failed.exit_code == 1
    assert "--force" in failed.stderr
    assert run(config, "bans").output == "nobody is banned\n"
    assert run(config, "ban", network, "--force").exit_code == 0
    assert run(config, "bans").output != "nobody is banned\n"


def test_a_reason_cannot_play_with_the_terminal(config: Path) -> None:
    async def ban() -> None:
        state = LmdbState(config.parent / "data" / "state", MAP_SIZE)
        await BanList(state).ban("192.0.2.7", reason="\x1b[2Jnothing\n", made_by="sentry", duration=None)
        await state.close()

    asyncio.run(ban())
    output = run(config, "bans").output
    assert "\x1b" not in output
    assert output.count("\n") == 1


def test_a_configuration_that_is_not_there_is_told(tmp_path: Path) -> None:
    failed = run(tmp_path / "gone.yaml", "bans")
    assert failed.exit_code != 0
    assert "gone.yaml" in str(failed.exception) + failed.output


def test_a_running_gateway_follows(tmp_path: Path) -> None:
    with Upstream() as upstream:
        config = {
            "upstreams": [{"name": "api", "nodes": [upstream.node]}],
            "routes": [{"name": "api", "upstream": "api"}],
        }
        with Bartizan(tmp_path, config) as running:

            def status() -> int:
                with RawClient(running.port) as client:
                    client.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    return client.response()[0]

            assert status() == 200
            assert running.run("ban", "127.0.0.1", "--force", "--reason", "a test").returncode == 0
            wait_until(lambda: [status() for _ in range(8)] == [403] * 8)
            assert running.run("unban", "127.0.0.1").returncode == 0
            wait_until(lambda: [status() for _ in range(8)] == [200] * 8)

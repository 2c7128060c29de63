from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.support.journals import Journaled, configured, file_for, honeytoken, records_of

from bartizan.cli.main import cli
from bartizan.detection.decisions import Decision, Done, note_decision
from bartizan.sentry.stats import SentryReport
from bartizan.storage.state import open_state
from bartizan.supervisor.handle import ProcessHandle, spawn_companion
from bartizan.supervisor.kinds import KINDS


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "bartizan.yaml"
    file.write_text(file_for(tmp_path))
    return file


async def run(config: Path, *arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, cli, [*arguments, "-c", str(config)])


def decision(number: str, what: Done) -> Decision:
    about = ("session:s1", "device:d1")
    return Decision(number, time.time(), what, "s1", b"digest", "d1", "ada", about, 90.0, "honeytoken used")


async def test_a_pardon_is_carried_out_before_the_command_ends(config: Path, tmp_path: Path) -> None:
    journal = Journaled(tmp_path)
    journal.write(records_of(honeytoken(), session="s1", now=time.time() - 10))
    kind = next(each for each in KINDS if each.name == "sentry")
    sentry: ProcessHandle[SentryReport] = await spawn_companion(kind, configured(tmp_path))
    try:
        await sentry.start(configured(tmp_path), {})
        end = time.monotonic() + 10
        state = open_state(configured(tmp_path).storage.state, tmp_path)
        await note_decision(state, decision("one", "revoke_session"))
        await note_decision(state, decision("two", "quarantine_device"))
        await state.close()
        while (report := await sentry.report()).cases == 0 or report.decisions < 2:
            assert time.monotonic() < end
            await asyncio.sleep(0.02)
        done = await run(config, "pardon", "session:s1", "--because", "our own test")
        assert (done.exit_code, done.stderr) == (0, "")
        lines = done.stdout.splitlines()
        assert lines[0].startswith("session:s1 is pardoned (pardon ")
        assert "address:192.0.2.7" in lines[1]
        assert lines[2:5] == [
            "session s1 comes back (decision one)",
            "device d1 is trusted again, and its sessions come back (decision two)",
            "control does that within a second, except for what was ended since then by a person",
        ]
        assert lines[5].startswith("noted in: case ")
        await sentry.drain(5.0)
    finally:
        sentry.kill()
        await sentry.exited
        sentry.close()
    await journal.close()
    shown = (await run(config, "risk", "show", "session:s1")).output
    assert shown.startswith("session:s1 has no risk\npardoned at ")
    assert ": our own test\n" in shown
    assert "device d1 quarantined at " in shown
    assert ", undone by pardon " in shown
    assert "  pardoned" in (await run(config, "cases")).output


async def test_without_a_sentry_it_is_asked_for_and_not_done(config: Path) -> None:
    result = await run(config, "pardon", "192.0.2.7", "--because", "our own test")
    assert result.exit_code == 3
    assert result.stderr.startswith("address:192.0.2.7: pardon ")
    assert result.stderr.endswith("the sentry does not run here: it will be carried out when it starts\n")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [(("nobody", "--because", "x"), "not an actor"), (("192.0.2.7", "--because", " "), "say why")],
)
async def test_what_is_no_pardon_is_refused(config: Path, arguments: tuple[str, ...], problem: str) -> None:
    result = await run(config, "pardon", *arguments)
    assert result.exit_code == 1
    assert problem in result.stderr

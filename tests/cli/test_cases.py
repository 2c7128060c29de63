from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result
from tests.support.journals import Journaled, configured, file_for, honeytoken, read_by_sentry, records_of

from bartizan.cli.main import cli


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "-c", str(config)])


async def test_cases_are_listed_and_shown_with_what_was_planted_where(tmp_path: Path) -> None:
    config = tmp_path / "bartizan.yaml"
    config.write_text(file_for(tmp_path))
    await read_by_sentry(configured(tmp_path))
    assert run(config, "cases").output == "there are no cases\n"
    journal = Journaled(tmp_path)
    first = records_of(honeytoken(), honeytoken(), principal="eve", now=1_900_000_000.0)
    journal.write(first)
    journal.write(records_of(honeytoken(place="wiki"), now=1_900_000_100.0))
    await journal.close()
    await read_by_sentry(configured(tmp_path))
    wiki, repository = run(config, "cases").output.splitlines()
    assert wiki.endswith("address:192.0.2.7                 honeytoken.used key-1 (wiki), once")
    assert repository.endswith("principal:eve                     honeytoken.used key-1 (repository), 2 times")
    assert [case["place"] for case in json.loads(run(config, "cases", "--json").output)] == ["wiki", "repository"]
    number = repository.split()[0]
    shown = dict(line.split(maxsplit=1) for line in run(config, "cases", "show", number).output.splitlines())
    assert (shown["actor"], shown["planted"], shown["times"]) == ("principal:eve", "repository", "2")
    assert shown["seen"] == f"in   bartizan journal find {first[0].metadata.uid}"
    assert json.loads(run(config, "cases", "show", number, "--json").output)["id"] == number
    missing = run(config, "cases", "show", "none")
    assert missing.exit_code == 1
    assert "there is no case 'none'; `bartizan cases` lists them" in missing.output

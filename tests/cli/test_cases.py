from __future__ import annotations

import json
import time
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
    journal, now = Journaled(tmp_path), time.time() - 200
    first = records_of(honeytoken(), honeytoken(), principal="eve", now=now)
    journal.write(first)
    journal.write(records_of(honeytoken(place="wiki"), now=now + 100))
    await journal.close()
    await read_by_sentry(configured(tmp_path))
    wiki, repository = run(config, "cases").output.splitlines()
    assert wiki.endswith("address:192.0.2.7                 honeytoken.used key-1 (wiki), once")
    assert repository.endswith("principal:eve                     honeytoken.used key-1 (repository), 2 times")
    assert [case["place"] for case in json.loads(run(config, "cases", "--json").output)] == ["wiki", "repository"]
    number = repository.split()[0]
    text = run(config, "cases", "show", number).output
    shown = dict(line.split(maxsplit=1) for line in text.partition("\n\n")[0].splitlines())
    assert (shown["actor"], shown["planted"], shown["times"]) == ("principal:eve", "repository", "2")
    assert shown["severity"] == "95 of 100"
    assert f"  bartizan journal find {first[0].metadata.uid}\n" in text
    assert text.count("honeytoken.used, severity 95 of 100") == 2
    assert text.endswith("bartizan pardon principal:eve --because …    if that was no attack\n")
    told = json.loads(run(config, "cases", "show", number, "--json").output)
    assert told["id"] == number
    assert [each["metadata"]["uid"] for each in told["findings"]] == [each.metadata.uid for each in first]
    assert run(config, "cases", "-n", "1").output.splitlines()[1:] == ["and 1 more; -n shows them"]
    assert len(json.loads(run(config, "cases", "-n", "1", "--json").output)) == 1
    missing = run(config, "cases", "show", "none")
    assert missing.exit_code == 1
    assert "there is no case 'none'; `bartizan cases` lists them" in missing.output


async def test_a_case_outlives_the_journal(tmp_path: Path) -> None:
    config = tmp_path / "bartizan.yaml"
    config.write_text(file_for(tmp_path))
    journal, now = Journaled(tmp_path), time.time() - 200
    journal.write(records_of(honeytoken(decoy="key\x1b[1m"), now=now))
    await journal.close()
    await read_by_sentry(configured(tmp_path))
    for segment in (tmp_path / "journal").iterdir():
        segment.unlink()
    (case,) = json.loads(run(config, "cases", "--json").output)
    shown = run(config, "cases", "show", case["id"]).output
    assert "the journal has none of its findings any more" in shown
    assert "\x1b" not in shown

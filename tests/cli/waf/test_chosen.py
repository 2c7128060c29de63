from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import click
import pytest

from bartizan.cli.waf.chosen import ManyRules, chosen_rules, load_chosen, rule_files_of, rule_options
from bartizan.errors import ConfigError
from bartizan.perimeter.waf.load import RuleSet, read_rules
from bartizan.perimeter.waf.seclang import Rule, RuleBook

RULE = 'SecRule ARGS "@contains x" "id:{},phase:2,deny,log"\n'
MADE_HERE = 1_980_000_000  # ids from here on are rules that are added


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BARTIZAN_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def configured(directory: Path, **waf: Any) -> Path:
    config = {
        "listeners": [{"address": "127.0.0.1:0"}],
        "upstreams": [{"name": "u", "nodes": [{"address": "127.0.0.1:1"}]}],
        "routes": [{"name": "api", "upstream": "u", "guards": {"waf": {"mode": "detection_only"}}}],
        "guards": {"waf": waf},
    }
    return write(directory / "bartizan.yaml", json.dumps(config))


def book(*rules: str, config: Path | None = None, route: str | None = None, paranoia: int | None = None) -> RuleBook:
    chosen = chosen_rules(rules, config, route, paranoia)
    return read_rules(chosen.sources, chosen.settings)


def ids(read: RuleBook, *, added: bool = False) -> list[int]:
    found = [entry.id for entry in read.entries if isinstance(entry, Rule)]
    return [number for number in found if (number >= MADE_HERE) is added]


def test_files_find_the_engine_on_and_bodies_parsed(tmp_path: Path) -> None:
    read = book(str(write(tmp_path / "a.conf", RULE.format(1))))
    assert ids(read) == [1]
    assert ids(read, added=True)[:1] == [MADE_HERE]
    assert (read.settings.mode, read.settings.request_body_access, read.settings.response_body_access) == (
        "on",
        True,
        True,
    )


def test_files_may_set_the_engine_and_parse_bodies_themselves(tmp_path: Path) -> None:
    base = 'SecRuleEngine DetectionOnly\nSecAction "id:9,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"\n'
    write(tmp_path / "base.conf", base)
    read = book(str(write(tmp_path / "a.conf", "Include base.conf\n" + RULE.format(1))))
    assert (ids(read), ids(read, added=True), read.settings.mode) == ([9, 1], [], "detection_only")


def test_directories_and_patterns_stand_for_their_files_in_order(tmp_path: Path) -> None:
    for name in ("b.conf", "a.conf", "crs-setup.conf", "c.txt"):
        write(tmp_path / "rules.d" / name, "")
    assert [file.name for file in rule_files_of([str(tmp_path / "rules.d")])] == ["crs-setup.conf", "a.conf", "b.conf"]
    assert [file.name for file in rule_files_of([str(tmp_path / "rules.d" / "[ab].conf")])] == ["a.conf", "b.conf"]


def core_rule_set(directory: Path) -> Path:
    write(directory / "rules" / "REQUEST-901-INITIALIZATION.conf", "")
    write(directory / "rules" / "REQUEST-911.conf", "")
    write(directory / "crs-setup.conf.example", "# setvar:tx.crs_setup_version=400\n")
    return directory


@pytest.mark.parametrize("within", ["", "rules"])
def test_a_core_rule_set_has_its_setup_first(tmp_path: Path, within: str) -> None:
    directory = core_rule_set(tmp_path / "crs")
    names = [file.name for file in rule_files_of([str(directory / within)])]
    assert names == ["crs-setup.conf.example", "REQUEST-901-INITIALIZATION.conf", "REQUEST-911.conf"]


def test_a_setup_that_was_named_is_the_only_one(tmp_path: Path) -> None:
    directory = core_rule_set(tmp_path / "crs")
    own = write(tmp_path / "own.conf", 'SecAction "id:1,phase:1,pass,setvar:tx.crs_setup_version=400"')
    names = [file.name for file in rule_files_of([str(own), str(directory), str(directory / "rules")])]
    assert names == ["own.conf", "REQUEST-901-INITIALIZATION.conf", "REQUEST-911.conf"]


def test_no_rules_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no rules"):
        rule_files_of([str(tmp_path)])
    with pytest.raises(ConfigError, match="has no rules"):
        rule_files_of([str(tmp_path / "none.conf")])
    with pytest.raises(ConfigError, match=r"guards\.waf: has no rules"):
        chosen_rules((), configured(tmp_path), None)


def test_a_configuration_has_the_last_word_for_its_routes(tmp_path: Path) -> None:
    write(tmp_path / "a.conf", "SecRuleEngine DetectionOnly\n" + RULE.format(1))
    config = configured(tmp_path, rules=["a.conf"])
    assert book(config=config).settings.mode == "on"
    assert book(config=config, route="api").settings.mode == "detection_only"
    with pytest.raises(click.BadParameter, match="it has api"):
        book(config=config, route="other")
    with pytest.raises(click.UsageError):
        book(str(tmp_path / "a.conf"), route="api")


def test_rules_may_take_the_place_of_those_of_a_configuration(tmp_path: Path) -> None:
    write(tmp_path / "a.conf", RULE.format(1))
    config = configured(tmp_path, rules=["a.conf"], exclusions=[{"rule": 2}])
    read = book(str(write(tmp_path / "b.conf", RULE.format(2) + RULE.format(3))), config=config)
    assert ids(read) == [3]
    assert MADE_HERE in ids(read, added=True)


def test_the_configuration_that_is_here_is_used_if_nothing_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a.conf", RULE.format(1))
    configured(tmp_path, rules=["a.conf"])
    assert ids(book()) == [1]


def test_a_paranoia_level_is_set(tmp_path: Path) -> None:
    name = str(write(tmp_path / "a.conf", RULE.format(1)))
    assert chosen_rules((name,), None, None, 3).settings.paranoia == 3
    assert chosen_rules((name,), configured(tmp_path, paranoia=1), None, 3).settings.paranoia == 3


def test_the_option_takes_several_paths_up_to_an_option_or_a_number() -> None:
    taken: list[object] = []

    @click.command(cls=ManyRules)
    @click.argument("rule_id", required=False)
    @rule_options()
    @click.option("--flag", is_flag=True)
    def command(rule_id: str | None, rules: tuple[str, ...], flag: bool, **_: object) -> None:
        taken.append((rule_id, rules, flag))

    for arguments in (
        ["--rules", "a", "b", "--flag", "--rules", "c"],
        ["7", "--rules", "a"],
        ["--rules", "a", "b", "7"],
        ["--rules=a", "7"],
    ):
        command.main(arguments, standalone_mode=False)
    assert taken == [
        (None, ("a", "b", "c"), True),
        ("7", ("a",), False),
        ("7", ("a", "b"), False),
        ("7", ("a",), False),
    ]


def compiled(tmp_path: Path, cache: Path | None = None) -> RuleSet:
    phrases = "".join(f'SecRule ARGS "@contains word{n}" "id:{n},phase:2,deny,log"\n' for n in range(1, 9))
    return load_chosen(chosen_rules((str(write(tmp_path / "a.conf", phrases)),), None, None), cache)


def test_compiled_rules_are_kept_where_nobody_else_can_change_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compiled(tmp_path)
    directory = tmp_path / "cache" / "bartizan" / "waf"
    assert directory.stat().st_mode & 0o777 == 0o700
    assert [*directory.iterdir()]
    shutil.rmtree(directory)
    directory.mkdir()
    directory.chmod(0o777)
    compiled(tmp_path)
    assert not [*directory.iterdir()]
    assert "others could change" in capsys.readouterr().err
    compiled(tmp_path, tmp_path / "own")
    assert [*(tmp_path / "own").iterdir()]

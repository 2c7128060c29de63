from __future__ import annotations

from pathlib import Path

import pytest

from bartizan.config import rule_files as module
from bartizan.config.model import Crs, Waf
from bartizan.config.rule_files import crs_files, crs_setup, rule_files, watched_files


def make(directory: Path, *names: str, text: str = "") -> list[Path]:
    files = [directory / name for name in names]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return files


def test_crs_is_read_in_the_order_it_wants(tmp_path: Path) -> None:
    make(tmp_path, "rules/REQUEST-949.conf", "rules/REQUEST-901.conf", "rules/lfi.data", "rules/notes.txt")
    make(tmp_path, "plugins/a-after.conf", "plugins/a-before.conf", "plugins/a-config.conf", "crs-setup.conf")
    crs = Crs(directory=str(tmp_path))
    assert crs_setup(crs) == tmp_path / "crs-setup.conf"
    names = [str(file.relative_to(tmp_path)) for file in crs_files(crs)]
    assert names == [
        "plugins/a-config.conf",
        "plugins/a-before.conf",
        "rules/REQUEST-901.conf",
        "rules/REQUEST-949.conf",
        "plugins/a-after.conf",
    ]


def test_debian_s_setup_and_the_exclusions_beside_it_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "share/rules/REQUEST-901.conf")
    before, after, setup = make(
        tmp_path / "etc",
        "REQUEST-900-EXCLUSION-RULES-BEFORE-CRS.conf",
        "RESPONSE-999-EXCLUSION-RULES-AFTER-CRS.conf",
        "crs-setup.conf",
    )
    monkeypatch.setattr(module, "DEBIAN", tmp_path / "share")
    monkeypatch.setattr(module, "DEBIAN_SETUP", setup)
    crs = Crs(directory=str(tmp_path / "share"))
    assert crs_setup(crs) == setup
    assert crs_files(crs) == [before, tmp_path / "share" / "rules" / "REQUEST-901.conf", after]


def test_the_example_of_a_setup_is_better_than_none(tmp_path: Path) -> None:
    assert crs_setup(Crs(directory=str(tmp_path))) is None
    make(tmp_path, "crs-setup.conf.example")
    assert crs_setup(Crs(directory=str(tmp_path))) == tmp_path / "crs-setup.conf.example"


def test_rules_are_read_in_their_order_and_patterns_by_name(tmp_path: Path) -> None:
    b, a, z = make(tmp_path, "b.conf", "a.conf", "z.conf")
    assert rule_files(Waf(rules=[str(z), str(tmp_path / "[ab].conf")])) == [z, a, b]


def test_everything_that_rules_are_read_from_is_watched(tmp_path: Path) -> None:
    (data,) = make(tmp_path / "own", "words.data")
    (deep,) = make(tmp_path / "deep", "last.conf", text="# nothing\n")
    (included,) = make(tmp_path, "included.conf", text='  includeoptional "deep/*.conf"\r\nInclude included.conf\n')
    (own,) = make(
        tmp_path / "own", "own.conf", text="Include ../included.conf\n# Include not.conf\nInclude gone.conf\n"
    )
    watched = {file.resolve() for file in watched_files(Waf(rules=[str(tmp_path / "own" / "*.conf")]))}
    assert watched == {own, own.parent, data, included, deep, own.parent / "gone.conf"}


def test_a_core_rule_set_is_watched_with_its_setup_data_and_directories(tmp_path: Path) -> None:
    files = make(tmp_path, "rules/REQUEST-901.conf", "rules/lfi.data", "crs-setup.conf")
    watched = set(watched_files(Waf(crs=Crs(directory=str(tmp_path)))))
    assert watched == {*files, tmp_path / "rules", tmp_path / "plugins"}

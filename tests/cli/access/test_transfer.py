"""``export``, ``import``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.access_site import AccessSite

from bartizan.access.scim.names import LIST, USER


def _write(site: AccessSite, *resources: Any) -> str:
    file = site.directory / "people.json"
    file.write_text(json.dumps({"schemas": [LIST], "Resources": resources}))
    return str(file)


def test_what_was_exported_is_imported_elsewhere(site: AccessSite, tmp_path_factory: pytest.TempPathFactory) -> None:
    site.run("invite", "ann", "--display-name", "Änn", "--group", "finance")
    site.enrolled("bob")
    file = site.directory / "out.json"
    site.run("export", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(site.run("export").output) == json.loads(file.read_text())
    assert "s3cret" not in file.read_text()
    assert "name another" in site.refused("export", str(file))
    other = AccessSite(tmp_path_factory.mktemp("other"))
    assert other.run("import", str(file)).output == "added 2 people, changed 0; 0 sessions ended\n"
    assert "Änn" in other.run("list", "--group", "finance").output


def test_a_dry_run_only_tells(site: AccessSite) -> None:
    site.enrolled("bob")
    file = _write(site, {"schemas": [USER], "userName": "ann"}, {"schemas": [USER], "userName": "bob", "active": False})
    told = site.run("import", file, "--dry-run")
    assert told.output == "would add 1 people and 0 groups, and change 1 people\n"
    assert len(site.run("list").output.splitlines()) == 1
    done = site.run("import", file)
    assert done.output.startswith("added 1 people, changed 1; ")
    with site.records() as tx:
        assert tx.sessions.live() == []


def test_what_is_set_aside_is_told_with_its_place_and_counted(site: AccessSite) -> None:
    file = _write(site, {"schemas": [USER], "userName": "ann"}, *[{"schemas": [USER], "userName": "x", "a": 1}] * 101)
    told = site.run("import", file, status=1)
    assert told.stdout == "added 1 people, changed 0; 0 sessions ended\n"
    lines = told.stderr.splitlines()
    assert lines[0] == "Resources[1].a (x): is no attribute of this resource"
    assert (len(lines), lines[-1]) == (101, "101 set aside, the first 100 of them above")


def test_a_file_that_cannot_be_read_is_named(site: AccessSite, tmp_path: Path) -> None:
    assert "missing.json: No such file" in site.refused("import", str(tmp_path / "missing.json"))
    (tmp_path / "bad.json").write_text('{"a": 1,\n "a": 2}')
    assert "bad.json: a: stands twice" in site.refused("import", str(tmp_path / "bad.json"))
    (tmp_path / "cut.json").write_text('[\n{"schemas"')
    assert "cut.json: line 2, column" in site.refused("import", str(tmp_path / "cut.json"))
    (tmp_path / "list.json").write_text("{}")
    assert "has to be a ListResponse" in site.refused("import", str(tmp_path / "list.json"))

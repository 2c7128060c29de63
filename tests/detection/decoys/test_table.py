from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.decoys import decoy_set

from bartizan.config.model import DecoyPath, DecoySettings
from bartizan.detection.decoys.table import DECOYS, NAMES, chosen
from bartizan.detection.profile.profile import Profile


def test_every_path_is_there_once_and_answers_something() -> None:
    assert len({decoy.path for decoy in DECOYS}) == len(DECOYS)
    assert all(decoy.write is not None or decoy.kind in ("forbidden", "not_found") for decoy in DECOYS)


def test_what_an_application_could_have_stands_back() -> None:
    yielding = {decoy.path for decoy in DECOYS if decoy.yielding}
    assert {"/admin", "/actuator/env", "/oauth/token", "/internal/users", "/config.json"} <= yielding
    assert yielding.isdisjoint({"/.env", "/.git/config", "/backup.sql"})


def test_a_configuration_chooses_by_name() -> None:
    assert {decoy.name for decoy in chosen(DecoySettings())} == set(NAMES)
    assert {decoy.path for decoy in chosen(DecoySettings(builtin=["git"]))} == {"/.git/HEAD", "/.git/config"}
    assert chosen(DecoySettings(builtin="none")) == ()


def test_own_decoys_go_before_those_that_come_with_it(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(b"key={token:shop}\n")
    settings = DecoySettings(
        builtin=["env"],
        paths=[
            DecoyPath(path="/.env", kind="file", file=str(file), status=203),
            DecoyPath(path="/internal/payroll", kind="forbidden"),
            DecoyPath(path="/internal/login", kind="login"),
            DecoyPath(path="/internal/token", kind="token"),
            DecoyPath(path="/internal/people", kind="json"),
        ],
    )
    decoys = decoy_set(settings)
    assert {"/.env.production", "/internal/payroll"} <= set(decoys.by_path)
    content = decoys.answers.content(decoys.by_path["/.env"], Profile())
    assert content is not None
    assert (content.status, content.media_type) == (203, "text/plain")
    assert content.body.startswith(b"key=shop_live_")
    for path in ("/internal/login", "/internal/token", "/internal/people"):
        assert decoys.answers.content(decoys.by_path[path], Profile()) is not None
    assert decoys.answers.content(decoys.by_path["/internal/payroll"], Profile()) is None


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(OSError, match="nowhere"):
        chosen(DecoySettings(paths=[DecoyPath(path="/x", kind="file", file="nowhere")]))

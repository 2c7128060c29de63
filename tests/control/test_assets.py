from __future__ import annotations

from pathlib import Path

import pytest

from bartizan.control.assets import Assets


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "icons").mkdir()
    (tmp_path / "page.js").write_text("import './other.js';")
    (tmp_path / "other.js").write_text("1;")
    (tmp_path / "icons" / "mark.svg").write_text("<svg/>")
    (tmp_path / "notes.txt").write_text("not to be served")
    return tmp_path


def test_files_are_found_under_the_digest_of_all(directory: Path) -> None:
    assets = Assets.load(directory)
    assert assets.url("page.js") == f"/.bartizan/static/{assets.digest}/page.js"
    found = assets.get(assets.digest, "icons/mark.svg")
    assert found is not None
    assert (found.data, found.content_type) == (b"<svg/>", "image/svg+xml")


def test_one_changed_file_changes_the_url_of_all(directory: Path) -> None:
    before = Assets.load(directory)
    (directory / "other.js").write_text("2;")
    after = Assets.load(directory)
    assert before.url("page.js") != after.url("page.js")
    assert after.get(before.digest, "page.js") is None


@pytest.mark.parametrize("name", ["notes.txt", "../assets.py", "icons", "", "page.js/", "/page.js"])
def test_nothing_else_is_there(directory: Path, name: str) -> None:
    assets = Assets.load(directory)
    assert assets.get(assets.digest, name) is None
    assert assets.named(name) is None
    with pytest.raises(KeyError):
        assets.url(name)


def test_our_own_are_there() -> None:
    assert Assets.load().named("sw.js") is not None

from __future__ import annotations

from pathlib import Path

import pytest
from tests.perimeter.waf.release.archives import FILES

from bartizan.config.rule_files import DEBIAN
from bartizan.errors import SecLangError
from bartizan.perimeter.waf.release import Installed, ReleaseError, install


def release(directory: Path, **changes: str | None) -> Path:
    """Write a release; ``changes`` are by file name without its suffix, None takes the file away."""
    for name, text in FILES.items():
        path = directory / name
        changed = changes.get(path.name.partition(".")[0].replace("-", "_"), text)
        if changed is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(changed)
    return directory


def test_a_release_is_installed_by_its_version_with_a_setup(tmp_path: Path) -> None:
    made = install(release(tmp_path / "release"), tmp_path / "crs")
    target = tmp_path / "crs" / "4.7.0"
    assert made == Installed(target, "4.7.0", 3, fresh=True)
    assert (target / "crs-setup.conf").read_text() == FILES["crs-setup.conf.example"]
    assert sorted(path.name for path in target.iterdir()) == [
        "LICENSE", "crs-setup.conf", "crs-setup.conf.example", "plugins", "rules",
    ]  # fmt: skip
    assert [*(tmp_path / "crs").iterdir()] == [target]
    assert target.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("within", ["", "rules"])
def test_the_rules_may_be_named_themselves_or_what_is_around_them(tmp_path: Path, within: str) -> None:
    release(tmp_path / "release" / "coreruleset")
    assert install(tmp_path / "release", tmp_path / "a").fresh
    assert install(tmp_path / "release" / "coreruleset" / within, tmp_path / "b").fresh


def test_a_setup_that_was_made_already_is_kept(tmp_path: Path) -> None:
    source = release(tmp_path / "release")
    (source / "crs-setup.conf").write_text('SecAction "id:900001,phase:1,pass,nolog"')
    install(source, tmp_path / "crs")
    assert "900001" in (tmp_path / "crs" / "4.7.0" / "crs-setup.conf").read_text()


def test_the_same_again_leaves_what_is_there(tmp_path: Path) -> None:
    source = release(tmp_path / "release")
    install(source, tmp_path / "crs")
    setup = tmp_path / "crs" / "4.7.0" / "crs-setup.conf"
    setup.write_text("# mine")
    assert not install(source, tmp_path / "crs").fresh
    assert setup.read_text() == "# mine"
    (source / "rules" / "sql.data").write_text("another\n")
    with pytest.raises(ReleaseError, match="is there already, with other rules"):
        install(source, tmp_path / "crs")


def test_rules_that_do_not_compile_are_told_and_not_installed(tmp_path: Path) -> None:
    source = release(tmp_path / "release", REQUEST_942_SQLI='\nSecRule ARGS "@rx (" "id:1,phase:2,deny"')
    with pytest.raises(SecLangError, match=f"{tmp_path}/crs/4.7.0/rules/REQUEST-942-SQLI.conf:2"):
        install(source, tmp_path / "crs")
    assert [*(tmp_path / "crs").iterdir()] == []


def test_data_files_have_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(SecLangError, match=r"sql\.data"):
        install(release(tmp_path / "release", sql=None), tmp_path / "crs")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"REQUEST_901_INITIALIZATION": None}, "no rule set"),
        ({"REQUEST_901_INITIALIZATION": "#"}, "which version"),
        ({"REQUEST_901_INITIALIZATION": "# ver:'OWASP_CRS/4..7'"}, "which version"),
        ({"crs_setup": None}, r"no crs-setup\.conf"),
    ],
)
def test_what_is_no_release_is_told(tmp_path: Path, changes: dict[str, str | None], reason: str) -> None:
    with pytest.raises(ReleaseError, match=reason):
        install(release(tmp_path / "release", **changes), tmp_path / "crs")


def test_debians_package_is_installed_with_its_setup(tmp_path: Path) -> None:
    made = install(DEBIAN, tmp_path)
    assert made.version == "3.3.4"
    assert made.rules > 600
    assert (made.directory / "crs-setup.conf").is_file()
    assert (made.directory / "rules" / "REQUEST-900-EXCLUSION-RULES-BEFORE-CRS.conf").is_file()

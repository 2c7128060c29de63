from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]
from click.testing import CliRunner, Result
from tests.perimeter.waf.release.archives import targz

from bartizan.cli.main import cli

ARCHIVE = targz()
DIGEST = hashlib.sha256(ARCHIVE).hexdigest()


@pytest.fixture(autouse=True)
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BARTIZAN_CONFIG", raising=False)
    (tmp_path / "crs.tar.gz").write_bytes(ARCHIVE)
    return tmp_path / "crs.tar.gz"


def install(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["waf", "install-crs", *arguments])


def test_an_archive_with_its_digest_is_installed_where_a_configuration_would_look(tmp_path: Path) -> None:
    result = install("--from", "crs.tar.gz", "--sha256", DIGEST)
    assert result.exit_code == 0, result.output
    target = tmp_path / "bartizan-data" / "crs" / "4.7.0"
    assert "OWASP CRS 4.7.0 is installed: 3 rules" in result.stderr
    assert yaml.safe_load(result.stdout) == {
        "guards": {"waf": {"enabled": True, "paranoia": 1, "crs": {"directory": str(target)}}}
    }
    again = install("--from", "crs.tar.gz", "--sha256", DIGEST)
    assert "is there already, with the same rules" in again.stderr


def test_an_archive_is_not_trusted_without_a_check(tmp_path: Path) -> None:
    refused = install("--from", "crs.tar.gz")
    assert refused.exit_code == 1
    assert "--sha256" in refused.stderr
    assert "--signature" in refused.stderr
    wrong = install("--from", "crs.tar.gz", "--sha256", "00" * 32)
    assert DIGEST in str(wrong.exception)
    assert not (tmp_path / "bartizan-data").exists()
    assert install("--from", "crs.tar.gz", "--insecure-no-check").exit_code == 0


def test_options_that_do_not_fit_are_told(tmp_path: Path) -> None:
    assert "belong together" in install("--from", "crs.tar.gz", "--signature", "crs.tar.gz").stderr
    assert "a directory has no digest" in install("--from", str(tmp_path), "--sha256", DIGEST).stderr


def test_without_a_source_debians_package_is_taken(tmp_path: Path) -> None:
    result = install("--to", str(tmp_path / "x"))
    assert result.exit_code == 0, result.output
    assert (tmp_path / "x" / "3.3.4" / "rules").is_dir()


def test_a_configuration_says_where(tmp_path: Path) -> None:
    (tmp_path / "bartizan.yaml").write_text(
        "listeners: [{address: '127.0.0.1:0'}]\nupstreams: [{name: u, nodes: [{address: '127.0.0.1:1'}]}]\n"
        "routes: [{name: r, upstream: u}]\nstorage: {directory: kept}\n"
    )
    assert install("--from", "crs.tar.gz", "--sha256", DIGEST).exit_code == 0
    assert (tmp_path / "kept" / "crs" / "4.7.0").is_dir()
    (tmp_path / "bartizan.yaml").write_text("nonsense: 1")
    assert "--to DIR" in install("--from", "crs.tar.gz", "--sha256", DIGEST).stderr
